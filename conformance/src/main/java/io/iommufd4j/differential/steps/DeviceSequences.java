// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.steps;

import static io.iommufd4j.bindings.pci.pci_h.PCI_BASE_ADDRESS_0;
import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND;
import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND_INTX_DISABLE;
import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND_MASTER;
import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND_MEMORY;
import static io.iommufd4j.bindings.pci.pci_h.PCI_INTERRUPT_LINE;

import io.iommufd4j.differential.program.Output;
import io.iommufd4j.differential.program.Step;
import io.iommufd4j.differential.program.UserRegions;
import io.iommufd4j.differential.program.Value;
import io.iommufd4j.differential.scene.Addresses;
import io.iommufd4j.differential.scene.Dice;
import io.iommufd4j.differential.scene.Draft;
import io.iommufd4j.differential.scene.Scene;
import io.iommufd4j.differential.scene.Shadow;
import io.iommufd4j.differential.scene.Shadow.Area;
import io.iommufd4j.differential.scene.Shadow.Context;
import io.iommufd4j.differential.scene.Shadow.Device;
import io.iommufd4j.differential.scene.Shadow.Ioas;
import java.util.List;

/** Requests on VFIO devices that build on each other: DMA, interrupts, configuration registers. */
public final class DeviceSequences {

  private static final long PAGE = Addresses.PAGE;
  private static final long BASE = 0x10_0000;
  private static final long CONFIG = 7L << 40;
  private static final int REGION_SHIFT = 40;
  private static final int IRQ_HEADER = 20;
  private static final int FEATURE_HEADER = 8;

  private final Scene scene;
  private final FileSteps files;
  private final Dice dice;
  private final Shadow shadow;
  private final List<Step> steps;

  public DeviceSequences(Scene scene, FileSteps files) {
    this.scene = scene;
    this.files = files;
    this.dice = scene.dice;
    this.shadow = scene.shadow;
    this.steps = scene.steps;
  }

  public void next(Context context) {
    Device device = device(context);
    switch (dice.below(12)) {
      case 0, 1 -> translated(context, device);
      case 2, 3, 4 -> interrupts(device);
      case 5, 6, 7 -> configuration(device);
      case 8 -> features(context, device);
      case 9 -> ioEventFd(device);
      case 10 -> window(device);
      default -> resets(device);
    }
  }

  /** One that is bound, or is now. */
  private Device device(Context context) {
    for (Device device : shadow.devices) {
      if (device.context == context && dice.percent(70)) {
        return device;
      }
    }
    int index = dice.below(FileSteps.DEVICES);
    for (Device device : shadow.devices) {
      if (device.index == index) {
        return device;
      }
    }
    int file = shadow.newFile();
    steps.add(new Step.OpenDevice(file, index));
    shadow.everOpened.add(index);
    var opened = new Device(index, file);
    shadow.devices.add(opened);
    files.bind(opened, context);
    return opened;
  }

  private Ioas mapped(Context context, int areas) {
    int slot = shadow.newObject();
    scene.sure(new Draft(scene.file(context), "IOMMU_IOAS_ALLOC").keepsObject("out_ioas_id", slot));
    var ioas = new Ioas(slot);
    context.ioas.add(ioas);
    long iova = BASE;
    for (int i = 0; i < areas; i++) {
      long bytes = PAGE * dice.between(1, 4);
      var from = new Value.Address(UserRegions.DATA, PAGE * dice.below(60));
      scene.sure(
          new Draft(scene.file(context), "IOMMU_IOAS_MAP")
              .set("flags", dice.of(7, 7, 7, 5))
              .set("ioas_id", new Value.ObjectSlot(slot))
              .set("user_va", from)
              .set("length", bytes)
              .set("iova", iova));
      ioas.areas.add(new Area(iova, bytes, from));
      iova += bytes + PAGE * dice.of(0, 0, 1);
    }
    if (dice.percent(20)) {
      mapHugePage(context, ioas);
    }
    return ioas;
  }

  private void mapHugePage(Context context, Ioas ioas) {
    int anonymousPrivateHuge = 0x40022;
    long bytes = 2 << 20;
    int region = shadow.newRegion();
    steps.add(new Step.Map(region, -1, bytes, 3, anonymousPrivateHuge, 0));
    shadow.windows.add(new Shadow.Region(region, bytes));
    long iova = 4 * bytes + PAGE * dice.of(0, 0, 1);
    var from = new Value.Address(region, 0);
    // Without a mistake: the host chooses what lies behind the page.
    steps.add(
        new Draft(scene.file(context), "IOMMU_IOAS_MAP")
            .set("flags", 7)
            .set("ioas_id", new Value.ObjectSlot(ioas.slot))
            .set("user_va", from)
            .set("length", bytes)
            .set("iova", iova)
            .step());
    shadow.ownMemoryInIoas = true;
    ioas.areas.add(new Area(iova, bytes, from));
    // Any part of it is as good as another, and devices reach what lies near.
    ioas.areas.add(new Area(iova + bytes - 2 * PAGE, 2 * PAGE, null));
  }

  private void attach(Device device, Ioas ioas) {
    scene.sure(
        new Draft(device.file, "VFIO_DEVICE_ATTACH_IOMMUFD_PT")
            .set("pt_id", new Value.ObjectSlot(ioas.slot)));
    device.attached = true;
  }

  /** Reads and writes of a device's memory before, between and after changes of its translation. */
  private void translated(Context context, Device device) {
    Ioas one = mapped(context, dice.between(1, 3));
    fill();
    attach(device, one);
    command(device, (int) dice.of(6, 6, 6, 6, 2, 4));
    dma(device, one);
    switch (dice.below(5)) {
      case 0, 1 -> {
        Ioas other = mapped(context, dice.between(1, 3));
        attach(device, other);
        if (dice.percent(40)) {
          dma(device, dice.percent(80) ? other : one);
        }
      }
      case 2 -> {
        Area area = scene.anyArea(one);
        scene.sure(
            new Draft(scene.file(context), "IOMMU_IOAS_UNMAP")
                .set("ioas_id", new Value.ObjectSlot(one.slot))
                .set("iova", area.iova())
                .set("length", area.bytes()));
        dma(device, one);
      }
      case 3 -> {
        scene.sure(new Draft(device.file, "VFIO_DEVICE_DETACH_IOMMUFD_PT"));
        device.attached = false;
        dma(device, one);
      }
      default -> {}
    }
  }

  /** Bytes to be found again, at the start of a few pages. */
  private void fill() {
    int pages = dice.between(1, 4);
    for (int i = 0; i < pages; i++) {
      steps.add(
          new Step.Store(
              new Value.Address(UserRegions.DATA, PAGE * dice.below(64) + 8L * dice.below(100)),
              List.of(new Value.Literal(dice.word()), new Value.Literal(dice.word()))));
    }
  }

  void dma(Device device, Ioas ioas) {
    dma(device, scene.anyArea(ioas), scene.anyArea(ioas));
  }

  /** The engine has addresses of 28 bits. */
  void dma(Device device, Area from, Area to) {
    long reach = (1L << 28) - 1;
    int bytes = (int) dice.of(8, 100, 1024, 2048, 2048, 1 + dice.below(Step.Dma.MOST_DMA_BYTES), 4);
    steps.add(
        new Step.Dma(device.file, within(from, bytes) & reach, within(to, bytes) & reach, bytes));
  }

  private long within(Area area, int bytes) {
    long room =
        Math.max(1, Math.min(area.bytes(), 1 << 16) - bytes + (dice.percent(15) ? bytes : 0));
    return area.iova() + (dice.percent(50) ? 0 : dice.below((int) room));
  }

  void command(Device device, int bits) {
    steps.add(new Step.WriteAt(device.file, 2, CONFIG + PCI_COMMAND(), bits));
  }

  private void configuration(Device device) {
    int turns = dice.between(2, 6);
    for (int i = 0; i < turns; i++) {
      int at =
          (int)
              dice.of(
                  PCI_COMMAND(),
                  PCI_COMMAND(),
                  PCI_BASE_ADDRESS_0() + 4 * dice.below(6),
                  PCI_BASE_ADDRESS_0(),
                  PCI_INTERRUPT_LINE(),
                  0x30,
                  0x40 + dice.below(20),
                  0x42,
                  dice.below(64),
                  dice.below(256));
      int bytes = (int) dice.of(1, 2, 2, 4, 4, 4, 8, 3);
      long value = dice.of(-1, 0, dice.word(), PCI_COMMAND_MEMORY() | PCI_COMMAND_MASTER());
      if (at == PCI_COMMAND()) {
        value = dice.below(8) | (dice.percent(30) ? PCI_COMMAND_INTX_DISABLE() : 0);
      }
      steps.add(new Step.WriteAt(device.file, bytes, CONFIG + at, value));
      if (dice.percent(70)) {
        int back = Math.max(0, at - dice.below(4));
        steps.add(new Step.ReadAt(device.file, (int) dice.of(2, 4, 4, 8, 16), CONFIG + back));
      }
      if (dice.percent(15)) {
        steps.add(new Step.ReadAt(device.file, 4, 0));
      }
    }
    steps.add(new Step.ReadAt(device.file, 64, CONFIG));
  }

  private int eventFd() {
    if (!shadow.eventfds.isEmpty() && dice.percent(60)) {
      return dice.of(shadow.eventfds);
    }
    int file = shadow.newFile();
    steps.add(new Step.OpenEventfd(file));
    shadow.eventfds.add(file);
    return file;
  }

  private Draft irqs(Device device, int flags, int index, int count) {
    return new Draft(device.file, "VFIO_DEVICE_SET_IRQS")
        .set("flags", flags)
        .set("index", index)
        .set("count", count)
        .set("argsz", IRQ_HEADER);
  }

  private void setUp(Device device, int flags, int index, Value fd) {
    scene.sure(
        irqs(device, flags, index, 1)
            .set("argsz", IRQ_HEADER + Integer.BYTES)
            .at(IRQ_HEADER, Integer.BYTES, fd));
  }

  private void interrupts(Device device) {
    int none = 1;
    int bool = 2;
    int eventFd = 4;
    int mask = 8;
    int unmask = 0x10;
    int trigger = 0x20;
    int index = (int) dice.of(0, 0, 1, 1, 3, 4);
    int event = eventFd();
    command(device, (int) dice.of(6, 6, 2, 0x406));
    setUp(device, eventFd | trigger, index, new Value.FileSlot(event));
    int turns = dice.between(2, 8);
    for (int i = 0; i < turns; i++) {
      switch (dice.below(10)) {
        case 0, 1, 2 -> scene.sure(irqs(device, none | trigger, index, 1));
        case 3 -> setUp(device, bool | trigger, index, new Value.Literal(dice.below(2)));
        case 4 -> scene.sure(irqs(device, none | (int) dice.of(mask, unmask), index, 1));
        case 5 -> {
          // An eventfd of its own.
          int unmasking = shadow.newFile();
          steps.add(new Step.OpenEventfd(unmasking));
          setUp(device, eventFd | unmask, index, new Value.FileSlot(unmasking));
          if (dice.percent(60)) {
            steps.add(new Step.Write(unmasking, 8, List.of(new Value.Literal(1))));
          }
        }
        case 6, 7 -> {
          if (index < 2) {
            steps.add(new Step.Interrupt(device.file));
          }
        }
        case 8 -> {
          Value other = dice.percent(40) ? new Value.Literal(-1) : new Value.FileSlot(eventFd());
          setUp(device, eventFd | trigger, index, other);
        }
        default ->
            steps.add(
                new Step.WriteAt(
                    device.file, 2, CONFIG + PCI_COMMAND(), dice.of(6, 2, 0x406, 0x402, 0)));
      }
      if (dice.percent(60)) {
        steps.add(new Step.Read(event, (int) dice.of(8, 8, 8, 4)));
      }
    }
    steps.add(new Step.ReadAt(device.file, 4, CONFIG + PCI_COMMAND()));
    steps.add(new Step.ReadAt(device.file, 14, CONFIG + 0x40));
    if (dice.percent(70)) {
      scene.sure(irqs(device, none | trigger, index, 0));
    }
    steps.add(new Step.Read(event, 8));
  }

  private void features(Context context, Device device) {
    int get = 1 << 16;
    int set = 1 << 17;
    int lowPower = 3;
    int awake = 5;
    int dmaBuf = 11;
    int turns = dice.between(1, 5);
    for (int i = 0; i < turns; i++) {
      switch (dice.below(6)) {
        case 0, 1 -> feature(device, set | lowPower, 0);
        case 2, 3 -> feature(device, set | awake, 0);
        case 4 -> steps.add(new Step.ReadAt(device.file, 4, CONFIG + dice.of(0, 4)));
        default -> exported(context, device, get | dmaBuf);
      }
    }
    feature(device, set | awake, 0);
  }

  private void feature(Device device, long flags, int bytes) {
    scene.sure(
        new Draft(device.file, "VFIO_DEVICE_FEATURE")
            .set("argsz", FEATURE_HEADER + bytes)
            .set("flags", flags));
  }

  /** A piece of BAR 0 as a DMA-BUF, mapped where the device's own DMA does not reach. */
  private void exported(Context context, Device device, long flags) {
    int file = shadow.newFile();
    int data = 16;
    int range = 16;
    steps.add(
        new Draft(device.file, "VFIO_DEVICE_FEATURE")
            .set("argsz", FEATURE_HEADER + data + range)
            .set("flags", flags)
            .at(8, 4, new Value.Literal(dice.of(0, 0, 0, 0, 1, 7)))
            .at(12, 4, new Value.Literal(dice.of(2, 2, 0, 1)))
            .at(20, 4, new Value.Literal(dice.of(1, 1, 1, 0)))
            .at(24, 8, new Value.Literal(PAGE * dice.of(0, 0, 1, 255, 256)))
            .at(32, 8, new Value.Literal(PAGE * dice.of(1, 1, 4, 256, 0)))
            .keepsFile(Output.RESULT, file)
            .step());
    shadow.dmaBufs.add(file);
    if (dice.percent(30)) {
      return;
    }
    Ioas ioas = mapped(context, dice.below(2));
    if (dice.percent(60)) {
      attach(device, ioas);
    }
    long iova = 1L << 30;
    int buffer = dice.of(shadow.dmaBufs);
    long bytes = PAGE * dice.of(1, 1, 4, 256);
    scene.sure(
        new Draft(scene.file(context), "IOMMU_IOAS_MAP_FILE")
            .set("flags", 7)
            .set("ioas_id", new Value.ObjectSlot(ioas.slot))
            .set("fd", new Value.FileSlot(buffer))
            .set("start", PAGE * dice.of(0, 0, 0, 1))
            .set("length", bytes)
            .set("iova", iova));
    ioas.areas.add(new Area(iova, bytes, null));
    switch (dice.below(4)) {
      case 0 -> command(device, (int) dice.of(0, 2, 6));
      case 1 ->
          scene.sure(
              new Draft(scene.file(context), "IOMMU_IOAS_UNMAP")
                  .set("ioas_id", new Value.ObjectSlot(ioas.slot))
                  .set("iova", iova)
                  .set("length", bytes));
      case 2 -> attach(device, ioas);
      default -> steps.add(new Step.Close(buffer));
    }
  }

  /** A write to a register for each signal of an eventfd. */
  private void ioEventFd(Device device) {
    int liveness = 4;
    int event = eventFd();
    command(device, 6);
    long width = dice.of(4, 4, 4, 8, 0, 5, 16);
    // What is not aligned is no single write.
    long offset =
        width == 8
            ? dice.of(0, 0, CONFIG + 8, 1 << 20)
            : dice.of(liveness, liveness, liveness, 0, CONFIG + 4, 1 << 20);
    steps.add(
        new Draft(device.file, "VFIO_DEVICE_IOEVENTFD")
            .set("flags", width)
            .set("offset", offset)
            .set("data", dice.word() & 0xffff_ffffL)
            .set("fd", new Value.FileSlot(event))
            .step());
    steps.add(new Step.WriteAt(device.file, 4, liveness, dice.below(1000)));
    steps.add(new Step.ReadAt(device.file, 4, liveness));
    steps.add(new Step.Write(event, 8, List.of(new Value.Literal(dice.between(1, 3)))));
    steps.add(new Step.ReadAt(device.file, 4, liveness));
  }

  private void window(Device device) {
    int region = shadow.newRegion();
    long bytes = dice.of(PAGE, PAGE, 4 * PAGE, 1 << 20, 1 << 21, 100);
    long index = dice.of(0, 0, 0, 0, 1, 6, 7, 8, 9);
    steps.add(
        new Step.Map(
            region,
            device.file,
            bytes,
            (int) dice.of(3, 3, 1, 0),
            (int) dice.of(1, 1, 1, 2),
            (index << REGION_SHIFT) + PAGE * dice.of(0, 0, 1, 255, 256)));
    shadow.windows.add(new Shadow.Region(region, bytes));
  }

  private void resets(Device device) {
    switch (dice.below(6)) {
      case 0 -> steps.add(new Step.Plain(device.file, "VFIO_DEVICE_RESET", new Value.Literal(0)));
      case 3, 4 -> files.rebind();
      case 1 ->
          scene.sure(
              new Draft(device.file, "VFIO_DEVICE_GET_PCI_HOT_RESET_INFO")
                  .set("argsz", dice.of(12, 24, 60)));
      case 2 ->
          scene.sure(
              new Draft(device.file, "VFIO_DEVICE_PCI_HOT_RESET")
                  .set("argsz", dice.of(12, 16))
                  .set("count", dice.of(0, 0, 1)));
      default -> scene.sure(new Draft(device.file, "VFIO_MIG_GET_PRECOPY_INFO"));
    }
  }
}
