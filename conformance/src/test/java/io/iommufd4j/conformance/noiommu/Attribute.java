// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.noiommu;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.conformance.Answers;
import io.iommufd4j.conformance.KernelUnderTest;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file of {@code /sys} as the kernel under test shows and takes it. */
record Attribute(KernelUnderTest test, String path) {

  /** The parameter that makes VFIO take devices that no IOMMU translates for. */
  static final String MODE = "module/vfio/parameters/enable_unsafe_noiommu_mode";

  Path file() {
    return test.kernel().sysfs().resolve(path);
  }

  String text() throws IOException {
    return Files.readString(file()).strip();
  }

  /** Writes it, and returns the result of {@code write(2)}: 0 or −errno. */
  int write(String text) {
    int fd = Answers.ok(test.kernel().open("/sys/" + path, libc_h.O_WRONLY()));
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    MemorySegment buffer = test.arena().allocateFrom(ValueLayout.JAVA_BYTE, bytes);
    long answer = test.kernel().write(fd, buffer);
    Answers.ok(test.kernel().close(fd));
    return answer < 0 ? (int) answer : 0;
  }
}
