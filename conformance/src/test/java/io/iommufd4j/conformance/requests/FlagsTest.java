// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.requests;

import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.extension.Conformance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Flags and reserved fields that a kernel does not know are refused before anything is looked up.
 */
@Conformance
final class FlagsTest {

  @ParameterizedTest(name = "{0} {1}")
  @CsvSource({
    "IOAS_ALLOC, flags, 1",
    "IOAS_COPY, flags, 8",
    "IOAS_MAP, flags, 8",
    "IOAS_MAP_FILE, flags, 8",
    "GET_HW_INFO, flags, 2",
    "HWPT_SET_DIRTY_TRACKING, flags, 2",
    "HWPT_GET_DIRTY_BITMAP, flags, 2",
    "FAULT_QUEUE_ALLOC, flags, 1",
    "VIOMMU_ALLOC, flags, 1",
    "VEVENTQ_ALLOC, flags, 1",
    "HW_QUEUE_ALLOC, flags, 1",
    "IOAS_NOIOMMU_GET_PA, flags, 1",
    "IOAS_ALLOW_IOVAS, __reserved, 1",
    "IOAS_IOVA_RANGES, __reserved, 1",
    "IOAS_MAP, __reserved, 1",
    "OPTION, __reserved, 1",
    "VFIO_IOAS, __reserved, 1",
    "HWPT_ALLOC, __reserved, 1",
    "GET_HW_INFO, __reserved, 1",
    "HWPT_GET_DIRTY_BITMAP, __reserved, 1",
    "HWPT_INVALIDATE, __reserved, 1",
    "IOAS_CHANGE_PROCESS, __reserved, 1",
    "VEVENTQ_ALLOC, __reserved, 1",
    "OPTION, option_id, 2",
    "OPTION, op, 2",
    "OPTION, object_id, 1",
    "VFIO_IOAS, op, 3",
    "VIOMMU_ALLOC, type, 0",
    "VEVENTQ_ALLOC, type, 0",
    "HW_QUEUE_ALLOC, type, 0",
  })
  void unknownIsNotSupported(CommandCase command, String field, long value, KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    RequestBlock block = command.fill(iommufd.block(command.request()));
    refused(EOPNOTSUPP, iommufd.ioctl(block.set(field, value)));
  }

  @ParameterizedTest(name = "{0} {1}={2}")
  @CsvSource({
    "IOAS_COPY, flags, 0",
    "IOAS_MAP, flags, 0",
    "IOAS_MAP_FILE, flags, 1",
    "HWPT_ALLOC, data_type, 1",
    "HWPT_ALLOC, data_len, 1",
    "HWPT_INVALIDATE, entry_num, 1",
    "VEVENTQ_ALLOC, veventq_depth, 0",
    "HW_QUEUE_ALLOC, length, 0",
    "IOAS_NOIOMMU_GET_PA, length, 0",
  })
  void impossibleIsInvalid(CommandCase command, String field, long value, KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    RequestBlock block = command.fill(iommufd.block(command.request()));
    refused(EINVAL, iommufd.ioctl(block.set(field, value)));
  }

  /** Not every reserved field is looked at; programs in the wild depend on it. */
  @ParameterizedTest(name = "{0} {1}")
  @CsvSource({"HWPT_SET_DIRTY_TRACKING, __reserved", "VIOMMU_ALLOC, __reserved"})
  void somePaddingIsNotLookedAt(CommandCase command, String field, KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    RequestBlock block = command.fill(iommufd.block(command.request()));
    same(command.answer(), iommufd.ioctl(block.set(field, 1)));
  }
}
