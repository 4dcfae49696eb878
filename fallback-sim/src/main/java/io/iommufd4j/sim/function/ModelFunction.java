// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.function;

import io.iommufd4j.sim.device.DeviceModel;
import io.iommufd4j.sim.device.DevicePort;
import io.iommufd4j.sim.device.Register;
import io.iommufd4j.sim.iommu.DmaPort;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.mm.UserMemory;
import io.iommufd4j.sim.pci.PciBus;
import io.iommufd4j.sim.pci.PciConfigSpace;
import io.iommufd4j.sim.pci.PciFunction;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Function;

/** A function with a device behind its BARs, whose methods are called one at a time. */
public class ModelFunction extends PciFunction {

  /** Nothing at all: BARs read zeros, there is no DMA and no interrupt. */
  private static final class Nothing implements DeviceModel {

    @Override
    public long read(int bar, long offset, int bytes) {
      return 0;
    }

    @Override
    public void write(int bar, long offset, int bytes, long value) {}

    @Override
    public void reset() {}
  }

  /** The way out, for as long as the function has bus mastering. */
  private final class Port implements DevicePort {
    private final DmaPort dma;

    Port(UserMemory memory) {
      dma = new DmaPort(device(), memory);
    }

    @Override
    public boolean read(long iova, MemorySegment into) {
      return config().busMaster() && dma.read(iova, into);
    }

    @Override
    public boolean write(long iova, MemorySegment from) {
      return config().busMaster() && dma.write(iova, from);
    }

    @Override
    public void raise(int vector) {
      interrupts().raise(vector);
      // Else at the end of the access that it belongs to.
      if (!Thread.holdsLock(turn)) {
        windows().show();
        interrupts().deliver();
      }
    }

    @Override
    public void lower() {
      interrupts().lower();
    }
  }

  private final Object turn = new Object();
  private final List<Bar> bars;
  private final DeviceModel model;

  /** A function with nothing behind its BARs. */
  ModelFunction(IommuDevice device, PciBus bus, PciConfigSpace config, List<Bar> bars) {
    super(device, bus, config);
    this.bars = bars;
    this.model = new Nothing();
  }

  /**
   * A function with a device; {@link #plug} puts it on its bus.
   *
   * @param memory what its DMA reaches behind the IOMMU
   * @param model makes the device
   */
  public ModelFunction(
      IommuDevice device,
      PciBus bus,
      PciConfigSpace config,
      List<Bar> bars,
      UserMemory memory,
      Function<DevicePort, DeviceModel> model) {
    super(device, bus, config);
    this.bars = bars;
    this.model = model.apply(new Port(memory));
  }

  @Override
  public final List<Bar> bars() {
    return bars;
  }

  @Override
  public final List<Register> registers(int bar) {
    return model.registers(bar);
  }

  @Override
  public final long readBar(int bar, long offset, int bytes) {
    synchronized (turn) {
      return model.read(bar, offset, bytes);
    }
  }

  @Override
  protected final long showBar(int bar, Register register) {
    synchronized (turn) {
      return model.show(bar, register);
    }
  }

  @Override
  protected final void fillBar(int bar, long offset, MemorySegment mapping) {
    synchronized (turn) {
      model.fill(bar, offset, mapping);
    }
  }

  @Override
  protected final void writeBar(int bar, long offset, int bytes, long value) {
    synchronized (turn) {
      model.write(bar, offset, bytes, value);
    }
  }

  /** The device starts anew, and PCI lowers the pin. */
  @Override
  protected final void resetRegisters() {
    synchronized (turn) {
      model.reset();
    }
    interrupts().lower();
  }
}
