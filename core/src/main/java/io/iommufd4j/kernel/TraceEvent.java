// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.kernel;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * One call across the seam.
 *
 * @param backend {@link KernelIdentity#NATIVE} or {@link KernelIdentity#SIM}
 * @param call the system call, as {@code ioctl}
 * @param name the request's name, as {@code IOMMU_IOAS_MAP}; the system call's own name where it
 *     carries no request
 * @param inputs what went in, in the order of the struct or of the manual page
 * @param outputs what the kernel wrote back: the fields that the call changed
 * @param result what the call answered: ≥ 0, or −errno
 * @param nanos how long the call took, in nanoseconds
 */
public record TraceEvent(
    String backend,
    String call,
    String name,
    List<TraceField> inputs,
    List<TraceField> outputs,
    long result,
    long nanos) {

  /** Copies the lists. */
  public TraceEvent {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }

  /** {@return the errno by name, as {@code EINVAL}; empty when the call succeeded} */
  public Optional<String> errno() {
    return failed() ? Optional.of(Errno.name((int) result)) : Optional.empty();
  }

  /** {@return true if the kernel refused} */
  public boolean failed() {
    return result < 0 && result >= -MAX_ERRNO;
  }

  /** One line: {@code IOMMU_IOAS_MAP(fd=5, size=40, …) = 0 {iova=0x1000} 12345 ns}. */
  @Override
  public String toString() {
    var line = new StringBuilder(name).append(list(inputs, "(", ")")).append(" = ");
    if (failed()) {
      line.append("-1 ").append(Errno.name((int) result));
    } else {
      line.append(result > Integer.MAX_VALUE ? "0x" + Long.toHexString(result) : result);
    }
    if (!outputs.isEmpty()) {
      line.append(list(outputs, " {", "}"));
    }
    return line.append(' ').append(nanos).append(" ns").toString();
  }

  /** The kernel's MAX_ERRNO: what lies beyond is an address of mmap, not an error. */
  private static final long MAX_ERRNO = 4095;

  private static String list(List<TraceField> fields, String open, String close) {
    return fields.stream().map(TraceField::toString).collect(Collectors.joining(", ", open, close));
  }
}
