// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.switching;

import io.iommufd4j.Iommufd;
import io.iommufd4j.cli.replace.EduEngine;
import io.iommufd4j.cli.replace.Interruption;
import io.iommufd4j.cli.replace.Participant;
import io.iommufd4j.cli.replace.ReplacePlan;
import io.iommufd4j.cli.replace.Replacement;
import io.iommufd4j.cli.replace.StoppedException;
import io.iommufd4j.cli.replace.Undo;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.PciDevice;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.vfio.VfioDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Measures all cases of an order on one device. Whatever becomes of it, the host is left as it was
 * found.
 */
public final class Switching {

  private final Kernel kernel;
  private final ReplacePlan plan;
  private final VfioBinding binding;
  private final SwitchOrder order;
  private final Interruption interruption;
  private final SwitchProgress progress;

  /**
   * Prepares; {@link #run} begins.
   *
   * @param plan who takes part
   * @param binding of the devices that the plan hands to vfio-pci, prepared and not bound
   */
  public Switching(
      Kernel kernel,
      ReplacePlan plan,
      VfioBinding binding,
      SwitchOrder order,
      Interruption interruption,
      SwitchProgress progress) {
    this.kernel = kernel;
    this.plan = plan;
    this.binding = binding;
    this.order = order;
    this.interruption = interruption;
    this.progress = progress;
  }

  /**
   * Measures, and undoes what has to be undone. Asked to stop, it keeps what is measured.
   *
   * @throws io.iommufd4j.error.KernelException when the kernel refuses a step, other than to map
   *     more areas
   * @throws io.iommufd4j.error.HostException when a driver cannot be bound
   * @throws io.iommufd4j.cli.replace.NotRestoredException when a device cannot be given back
   * @throws io.iommufd4j.cli.replace.DeviceStuckException when DMA does not come back
   * @throws StoppedException when asked to stop before anything was measured
   */
  public SwitchOutcome run() {
    var cases = new ArrayList<SwitchCase>();
    try (var undo = new Undo()) {
      undo.add(() -> Replacement.giveBack(binding));
      binding.bind();
      Iommufd iommufd = Iommufd.open(kernel);
      undo.add(iommufd::close);
      List<VfioDevice> devices = bindDevices(iommufd, undo);
      EduEngine engine = engine(devices.getFirst());
      for (long bytes : order.sizes()) {
        for (int count : order.counts()) {
          if (!interruption.asked()) {
            cases.add(measure(iommufd, devices, engine, count, bytes, cases.size()));
          }
        }
      }
    }
    if (interruption.asked() && cases.stream().allMatch(one -> one.ways().isEmpty())) {
      interruption.check();
    }
    return new SwitchOutcome(cases, interruption.asked());
  }

  private SwitchCase measure(
      Iommufd iommufd,
      List<VfioDevice> devices,
      @Nullable EduEngine engine,
      int count,
      long bytes,
      int before) {
    String what = String.format(Locale.ROOT, "%,d areas of %s", count, AreaSize.text(bytes));
    return new CaseTrial(kernel, iommufd, devices, engine, order, interruption)
        .run(
            count,
            bytes,
            before == 0,
            share -> progress.at((before + share) / order.cases(), what));
  }

  private List<VfioDevice> bindDevices(Iommufd iommufd, Undo undo) {
    var devices = new ArrayList<VfioDevice>();
    for (Participant participant : plan.attached()) {
      interruption.check();
      VfioDevice device = VfioDevice.open(kernel, participant.device().address());
      undo.add(device::close);
      device.bind(iommufd);
      devices.add(device);
    }
    return devices;
  }

  private @Nullable EduEngine engine(VfioDevice device) {
    PciDevice found = plan.device().device();
    return EduEngine.drives(found)
        ? EduEngine.of(device, found.address().toString(), interruption)
        : null;
  }
}
