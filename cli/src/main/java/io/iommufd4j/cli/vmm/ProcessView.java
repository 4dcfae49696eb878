// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.vmm;

import io.iommufd4j.IommufdRef;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import io.iommufd4j.process.ForeignProcess;
import io.iommufd4j.process.IommufdContent;
import io.iommufd4j.process.IommufdProbe;
import io.iommufd4j.process.OpenDescriptor;
import io.iommufd4j.process.OpenDescriptor.Kind;
import io.iommufd4j.process.VfioProcess;
import java.util.ArrayList;
import java.util.List;

/**
 * A process and what it has of iommufd and VFIO.
 *
 * @param process the process and its descriptors
 * @param contexts its iommufds
 * @param devices its devices
 * @param obstacle why its iommufds could not be looked at; empty when they were
 */
public record ProcessView(
    VfioProcess process, List<ContextView> contexts, List<DeviceView> devices, String obstacle) {

  /** Copies the lists. */
  public ProcessView {
    contexts = List.copyOf(contexts);
    devices = List.copyOf(devices);
  }

  /**
   * Looks into a process' iommufds.
   *
   * @throws KernelException {@code EPERM} without the right to trace it
   */
  static ProcessView of(Kernel kernel, VfioProcess process) {
    var contexts = new ArrayList<ContextView>();
    try (var foreign = ForeignProcess.open(kernel, process.pid())) {
      for (OpenDescriptor iommufd : process.descriptors(Kind.IOMMUFD)) {
        contexts.add(new ContextView(iommufd.fd(), content(kernel, foreign, iommufd.fd())));
      }
    }
    return of(kernel, process, contexts, "");
  }

  /** The same, with the reason in place of the objects where the kernel refuses them. */
  static ProcessView asFarAsAllowed(Kernel kernel, VfioProcess process) {
    try {
      return of(kernel, process);
    } catch (KernelException refused) {
      String obstacle =
          refused.errno() == Errno.EPERM ? refused.hint() : String.valueOf(refused.getMessage());
      return of(kernel, process, List.of(), obstacle);
    }
  }

  private static ProcessView of(
      Kernel kernel, VfioProcess process, List<ContextView> contexts, String obstacle) {
    var host = Host.of(kernel);
    var devices =
        process.descriptors(Kind.DEVICE).stream()
            .map(device -> new DeviceView(device, Attachment.of(host, contexts, device)))
            .toList();
    return new ProcessView(process, contexts, devices, obstacle);
  }

  private static IommufdContent content(Kernel kernel, ForeignProcess process, int fd) {
    int taken = process.descriptor(fd);
    try {
      return IommufdProbe.look(IommufdRef.of(kernel, taken));
    } finally {
      kernel.close(taken);
    }
  }
}
