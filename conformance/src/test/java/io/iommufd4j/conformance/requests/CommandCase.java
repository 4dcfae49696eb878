// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.requests;

import static io.iommufd4j.kernel.Errno.ENODEV;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.kernel.Request;
import java.util.function.UnaryOperator;

/**
 * For each iommufd command a block that passes its checks as far as it can in a context without
 * objects, and what Linux answers to it.
 */
@SuppressWarnings("ImmutableEnumChecker") // The operators are method references and keep nothing.
enum CommandCase {
  DESTROY(Request.IOMMU_DESTROY, ENOENT.negated()),
  IOAS_ALLOC(Request.IOMMU_IOAS_ALLOC, 0),
  IOAS_ALLOW_IOVAS(Request.IOMMU_IOAS_ALLOW_IOVAS, ENOENT.negated()),
  IOAS_COPY(Request.IOMMU_IOAS_COPY, ENOENT.negated(), CommandCase::readable),
  IOAS_IOVA_RANGES(Request.IOMMU_IOAS_IOVA_RANGES, ENOENT.negated()),
  IOAS_MAP(Request.IOMMU_IOAS_MAP, ENOENT.negated(), CommandCase::readable),
  IOAS_UNMAP(Request.IOMMU_IOAS_UNMAP, ENOENT.negated()),
  OPTION(Request.IOMMU_OPTION, 0, block -> block.set("op", iommufd_h.IOMMU_OPTION_OP_GET())),
  VFIO_IOAS(Request.IOMMU_VFIO_IOAS, ENODEV.negated()),
  HWPT_ALLOC(Request.IOMMU_HWPT_ALLOC, ENOENT.negated()),
  GET_HW_INFO(Request.IOMMU_GET_HW_INFO, ENOENT.negated()),
  HWPT_SET_DIRTY_TRACKING(Request.IOMMU_HWPT_SET_DIRTY_TRACKING, ENOENT.negated()),
  HWPT_GET_DIRTY_BITMAP(Request.IOMMU_HWPT_GET_DIRTY_BITMAP, ENOENT.negated()),
  HWPT_INVALIDATE(Request.IOMMU_HWPT_INVALIDATE, ENOENT.negated()),
  /** With a flag, which is refused: a success would open a descriptor. */
  FAULT_QUEUE_ALLOC(
      Request.IOMMU_FAULT_QUEUE_ALLOC, EOPNOTSUPP.negated(), block -> block.set("flags", 1)),
  IOAS_MAP_FILE(Request.IOMMU_IOAS_MAP_FILE, ENOENT.negated(), CommandCase::readable),
  VIOMMU_ALLOC(Request.IOMMU_VIOMMU_ALLOC, ENOENT.negated(), CommandCase::someType),
  VDEVICE_ALLOC(Request.IOMMU_VDEVICE_ALLOC, ENOENT.negated()),
  IOAS_CHANGE_PROCESS(Request.IOMMU_IOAS_CHANGE_PROCESS, 0),
  VEVENTQ_ALLOC(
      Request.IOMMU_VEVENTQ_ALLOC,
      ENOENT.negated(),
      block -> someType(block).set("veventq_depth", 1)),
  HW_QUEUE_ALLOC(
      Request.IOMMU_HW_QUEUE_ALLOC, ENOENT.negated(), block -> someType(block).set("length", 1)),
  IOAS_NOIOMMU_GET_PA(
      Request.IOMMU_IOAS_NOIOMMU_GET_PA, ENOENT.negated(), block -> block.set("length", 1));

  private final Request request;
  private final int answer;
  private final UnaryOperator<RequestBlock> fill;

  CommandCase(Request request, int answer) {
    this(request, answer, block -> block);
  }

  CommandCase(Request request, int answer, UnaryOperator<RequestBlock> fill) {
    this.request = request;
    this.answer = answer;
    this.fill = fill;
  }

  Request request() {
    return request;
  }

  /** The result on Linux in a context without objects: ≥ 0 or −errno. */
  int answer() {
    return answer;
  }

  /** Sets the fields that take the block past its own checks. */
  RequestBlock fill(RequestBlock block) {
    return fill.apply(block);
  }

  private static RequestBlock readable(RequestBlock block) {
    return block.set("flags", iommufd_h.IOMMU_IOAS_MAP_READABLE());
  }

  private static RequestBlock someType(RequestBlock block) {
    return block.set("type", 1);
  }
}
