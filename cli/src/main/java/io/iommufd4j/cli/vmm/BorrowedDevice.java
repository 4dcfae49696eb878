// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.vmm;

import io.iommufd4j.IommufdRef;
import io.iommufd4j.cli.replace.NotPossibleException;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.error.OrderedClose;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.PciDevice;
import io.iommufd4j.process.ForeignProcess;
import io.iommufd4j.process.IommufdContent;
import io.iommufd4j.process.IommufdProbe;
import io.iommufd4j.process.OpenDescriptor;
import io.iommufd4j.process.OpenDescriptor.Kind;
import io.iommufd4j.process.VfioProcess;
import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.vfio.VfioDeviceRef;
import io.iommufd4j.vfio.reset.AffectedDevice;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A device that another process bound and attached, by descriptors of that process' files: taken
 * from it, or handed to this one. Closing this closes the descriptors that were taken and changes
 * nothing.
 */
public final class BorrowedDevice implements AutoCloseable {

  private final Kernel kernel;
  private final String owner;
  private final @Nullable ForeignProcess process;
  private final int iommufd;
  private final int device;
  private final Attachment attachment;
  private final IommufdContent content;
  private final List<Integer> foreign;
  private final List<PciAddress> neighbours;
  private final OptionalLong pinnedBytes;

  private BorrowedDevice(
      Kernel kernel,
      String owner,
      @Nullable ForeignProcess process,
      int iommufd,
      int device,
      Attachment attachment,
      IommufdContent content,
      List<Integer> foreign,
      List<PciAddress> neighbours,
      OptionalLong pinnedBytes) {
    this.kernel = kernel;
    this.owner = owner;
    this.process = process;
    this.iommufd = iommufd;
    this.device = device;
    this.attachment = attachment;
    this.content = content;
    this.foreign = foreign;
    this.neighbours = List.copyOf(neighbours);
    this.pinnedBytes = pinnedBytes;
  }

  /**
   * Takes the descriptors from the process that uses the device.
   *
   * @throws NotPossibleException when it does not have the device by its cdev, or may not be looked
   *     into
   */
  public static BorrowedDevice of(Kernel kernel, PciDevice device, long pid) {
    ProcessView view = Inspection.of(kernel, pid).processes().getFirst();
    DeviceView found =
        view.devices().stream()
            .filter(held -> Attachment.isOf(held.descriptor(), device.address()))
            .findFirst()
            .orElseThrow(() ->
                new NotPossibleException(
                    view.process().describe() + " does not have " + device.address() + " open"));
    Attachment attachment = found.attachment();
    int context =
        attachment
            .iommufd()
            .orElseThrow(() -> undecided(device, "to which iommufd", attachment.reason()));
    IommufdContent content =
        view.contexts().stream()
            .filter(of -> of.fd() == context)
            .findFirst()
            .orElseThrow()
            .content();
    ForeignProcess process = ForeignProcess.open(kernel, pid);
    try {
      int iommufd = process.descriptor(context);
      int taken = process.descriptor(found.descriptor().fd());
      String owner = view.process().describe();
      List<Integer> foreign = List.of(context, found.descriptor().fd());
      return new BorrowedDevice(
          kernel,
          owner,
          process,
          iommufd,
          taken,
          attachment,
          content,
          foreign,
          addresses(view),
          view.process().pinnedBytes());
    } catch (RuntimeException refused) {
      process.close();
      throw refused;
    }
  }

  /**
   * Uses descriptors that this process was handed, as by a VM's manager.
   *
   * @param iommufd of {@code /dev/iommu}
   * @param device of the device's cdev, bound to that iommufd
   */
  public static BorrowedDevice ofFds(Kernel kernel, PciDevice found, int iommufd, int device) {
    IommufdContent content = IommufdProbe.look(IommufdRef.of(kernel, iommufd));
    String address = found.address().toString();
    boolean other =
        VfioProcess.of(kernel, ProcessHandle.current().pid()).descriptors(Kind.DEVICE).stream()
            .anyMatch(held ->
                held.fd() == device
                    && held.device().filter(named -> !named.equals(address)).isPresent());
    if (other) {
      throw new NotPossibleException("descriptor " + device + " is not of " + address);
    }
    var descriptor = new OpenDescriptor(device, Kind.DEVICE, "", Optional.of(address));
    Attachment attachment =
        Attachment.of(Host.of(kernel), List.of(new ContextView(iommufd, content)), descriptor);
    return new BorrowedDevice(
        kernel,
        "whoever handed over descriptor " + device,
        null,
        iommufd,
        device,
        attachment,
        content,
        List.of(),
        List.of(),
        OptionalLong.empty());
  }

  private static List<PciAddress> addresses(ProcessView view) {
    return view.devices().stream()
        .flatMap(held -> held.descriptor().device().stream())
        .flatMap(name -> Attachment.address(name).stream())
        .distinct()
        .toList();
  }

  static NotPossibleException undecided(PciDevice device, String what, String reason) {
    return new NotPossibleException(
        "it cannot be decided " + what + " " + device.address() + " is attached: " + reason);
  }

  /** The process that uses it, for messages. */
  public String owner() {
    return owner;
  }

  Attachment attachment() {
    return attachment;
  }

  /** The PCI devices that its process has open; empty when that is not known. */
  List<PciAddress> neighbours() {
    return neighbours;
  }

  /**
   * The device's id in its iommufd, as the list of what a hot reset affects tells it; empty where
   * neither its slot nor its bus can be reset.
   */
  Optional<DeviceId> idOf(PciAddress address) {
    try {
      return device().hotReset().info().devices().stream()
          .filter(affected -> affected.address().equals(address))
          .flatMap(affected ->
              affected.owner() instanceof AffectedDevice.Bound(DeviceId id)
                  ? Stream.of(id)
                  : Stream.empty())
          .findFirst();
    } catch (KernelException notTold) {
      return Optional.empty();
    }
  }

  /** Memory that the process has pinned; empty when that is not known. */
  OptionalLong pinnedBytes() {
    return pinnedBytes;
  }

  IommufdContent content() {
    return content;
  }

  IommufdRef iommufd() {
    return IommufdRef.of(kernel, iommufd);
  }

  VfioDeviceRef device() {
    return VfioDeviceRef.of(kernel, device);
  }

  /**
   * Starts a process that restores when this one is killed; empty on a simulated kernel, which ends
   * with this process, and for descriptors that were handed over.
   */
  Optional<KillGuard> guard(RunningPlan plan) {
    ForeignProcess taken = process;
    if (taken == null || kernel.identity().simulated()) {
      return Optional.empty();
    }
    return Optional.of(
        KillGuard.start(
            List.of(
                Long.toString(taken.pid()),
                foreign.getFirst().toString(),
                foreign.getLast().toString(),
                Integer.toString(plan.id().value()),
                Integer.toString(plan.ioas().value()),
                Integer.toString(plan.from().value()))));
  }

  /** True if the process has ended; false while it runs, and where it is not known. */
  boolean ended(Duration limit) {
    return process != null && process.ended(limit);
  }

  @Override
  public void close() {
    ForeignProcess taken = process;
    if (taken == null) {
      return;
    }
    var steps = new OrderedClose();
    steps.step(() -> kernel.close(device));
    steps.step(() -> kernel.close(iommufd));
    steps.step(taken::close);
    steps.report();
  }
}
