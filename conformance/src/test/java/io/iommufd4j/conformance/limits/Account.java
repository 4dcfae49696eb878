package io.iommufd4j.conformance.limits;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.conformance.Answers;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.UserPages;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/** What {@code /proc/self/status} says of locked and pinned pages, since the test began. */
final class Account {

  private static final int ROOM = 8192;

  private final KernelUnderTest test;
  private final long lockedBefore;
  private final long pinnedBefore;

  Account(KernelUnderTest test) {
    this.test = test;
    String status = status();
    lockedBefore = pages(status, "VmLck");
    pinnedBefore = pages(status, "VmPin");
  }

  /** Expects so many pages more than when the test began. */
  void shows(long locked, long pinned) {
    String status = status();
    assertEquals(locked, pages(status, "VmLck") - lockedBefore, "VmLck");
    assertEquals(pinned, pages(status, "VmPin") - pinnedBefore, "VmPin");
    assertEquals(pages(status, "VmPin") * UserPages.PAGE, test.kernel().process().pinnedBytes());
  }

  private String status() {
    int file = Answers.ok(test.kernel().open("/proc/self/status", libc_h.O_RDONLY()));
    MemorySegment buffer = test.arena().allocate(ROOM);
    int count = (int) Answers.ok(test.kernel().read(file, buffer));
    Answers.ok(test.kernel().close(file));
    byte[] text = buffer.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE);
    return new String(text, StandardCharsets.UTF_8);
  }

  private static long pages(String status, String field) {
    String line = status.lines().filter(l -> l.startsWith(field + ":")).findFirst().orElseThrow();
    long kibibytes = Long.parseLong(line.replaceAll("\\D", ""));
    return kibibytes * 1024 / UserPages.PAGE;
  }
}
