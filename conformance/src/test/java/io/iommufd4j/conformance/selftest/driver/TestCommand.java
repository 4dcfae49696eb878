// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.driver;

import io.iommufd4j.bindings.selftest.iommu_test_cmd;
import io.iommufd4j.bindings.selftest.selftest_h;
import io.iommufd4j.conformance.Needs;
import io.iommufd4j.conformance.OpenIommufd;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.UnionLayout;
import java.lang.foreign.ValueLayout;

/**
 * The block of {@code IOMMU_TEST_CMD} for one operation: its fields go by their names in the
 * operation's member of the union.
 */
public final class TestCommand {

  private static final GroupLayout BLOCK = iommu_test_cmd.layout();
  private static final MemoryLayout UNION =
      BLOCK.memberLayouts().stream()
          .filter(UnionLayout.class::isInstance)
          .findFirst()
          .orElseThrow();
  private static final long UNION_OFFSET =
      BLOCK.byteOffset(PathElement.groupElement(UNION.name().orElseThrow()));

  private final MemorySegment block;
  private final MemoryLayout member;

  /**
   * A block, zero but for its size and the operation.
   *
   * @param block memory for it, used again
   * @param operation {@code IOMMU_TEST_OP_*}
   * @param member the operation's member of the union
   */
  public TestCommand(MemorySegment block, int operation, String member) {
    this.block = block.fill((byte) 0);
    this.member = UNION.select(PathElement.groupElement(member));
    iommu_test_cmd.size(block, (int) BLOCK.byteSize());
    iommu_test_cmd.op(block, operation);
  }

  /** The object the operation is about. */
  public TestCommand id(int id) {
    iommu_test_cmd.id(block, id);
    return this;
  }

  /** Sets a field. A value is cut to the field's width. */
  public TestCommand set(String field, long value) {
    if (width(field) == Integer.BYTES) {
      block.set(ValueLayout.JAVA_INT, offset(field), (int) value);
    } else {
      block.set(ValueLayout.JAVA_LONG, offset(field), value);
    }
    return this;
  }

  /** A field of 32 bits. */
  public int id(String field) {
    return block.get(ValueLayout.JAVA_INT, offset(field));
  }

  /** A field of 64 bits. */
  public long get(String field) {
    return block.get(ValueLayout.JAVA_LONG, offset(field));
  }

  /** {@code ioctl(2)} with it: ≥ 0, or −errno. */
  public int on(OpenIommufd iommufd) {
    int operation = iommu_test_cmd.op(block);
    if (operation == selftest_h.IOMMU_TEST_OP_MOCK_DOMAIN()
        || operation == selftest_h.IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS()
        || operation > selftest_h.IOMMU_TEST_OP_TRIGGER_IOPF()) {
      iommufd.needs(Needs.MOCK_BESIDE_OTHERS);
    }
    return iommufd.ioctl(selftest_h.IOMMU_TEST_CMD(), block);
  }

  private long offset(String field) {
    return UNION_OFFSET + member.byteOffset(PathElement.groupElement(field));
  }

  private long width(String field) {
    return member.select(PathElement.groupElement(field)).byteSize();
  }
}
