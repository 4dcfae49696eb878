// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.lib;

/**
 * Answers that came with a release: an older {@link KernelRelease} gives another one in their
 * place. Each is asked for in one place. Commands are apart: they know themselves since when there
 * are such ({@code Request.since}).
 */
public enum Behavior {
  /**
   * {@code VFIO_DEVICE_ATTACH_IOMMUFD_PT} and {@code _DETACH_} take a PASID; before, flags are
   * EINVAL.
   */
  ATTACHES_PASIDS,
  /**
   * {@code VFIO_DEVICE_BIND_IOMMUFD} takes a token, and refuses a longer block that is not zero;
   * before, flags are EINVAL and what follows the block is not read.
   */
  BINDS_WITH_TOKENS,
  /**
   * A function without PCI Express has {@code VFIO_PCI_ERR_IRQ_INDEX}; before, {@code
   * VFIO_DEVICE_GET_IRQ_INFO} and {@code _SET_IRQS} answer EINVAL.
   */
  ERROR_INTERRUPT_OF_EVERY_FUNCTION,
  /** {@code VFIO_DEVICE_FEATURE_DMA_BUF} and {@code _MIG_PRECOPY_INFOv2}; before, ENOTTY. */
  EXPORTS_BARS,
  /**
   * {@code IOMMU_HWPT_ALLOC} of an IOAS takes {@code IOMMU_HWPT_ALLOC_PASID} and {@code
   * IOMMU_HWPT_FAULT_ID_VALID}, of an HWPT the former; before, these are EOPNOTSUPP.
   */
  FLAGS_OF_PASIDS_AND_FAULTS,
  /**
   * {@code IOMMU_GET_HW_INFO} takes a type, and says of a device that it has no ATS; before, flags
   * are EOPNOTSUPP and that capability is 0.
   */
  HARDWARE_INFO_BY_TYPE,
  /**
   * {@code IOMMU_HWPT_INVALIDATE} of an object of another kind is EINVAL; before, ENOENT as without
   * an object.
   */
  INVALIDATE_OF_OTHER_KINDS,
  /**
   * {@code IOMMU_TEST_OP_MD_CHECK_MAP} looks for the HWPT, ENOENT, before the range, EINVAL;
   * before, the other way round, in pages of 2 KiB whatever the HWPT's are.
   */
  LOOKS_FOR_MOCK_HWPT_FIRST,
  /** {@code mmap(2)} of an iommufd, ENXIO where nothing is; before, any is ENODEV. */
  MAPS_IOMMUFD,
  /**
   * The mock's devices have its IOMMU beside another driver's, and its operations after {@code
   * IOMMU_TEST_OP_TRIGGER_IOPF}; before, where another driver came first, devices cannot be bound:
   * EINVAL, and the operations are EOPNOTSUPP.
   */
  MOCK_BESIDE_OTHERS,
  /**
   * AMD-Vi's driver tells of its registers in {@code IOMMU_GET_HW_INFO} and takes {@code
   * IOMMU_HWPT_ALLOC_NEST_PARENT} where they allow it, but makes no nested domain: EOPNOTSUPP;
   * before, the type is none, the flag EOPNOTSUPP, and a nested domain EINVAL for its parent.
   */
  NESTING_OF_AMD,
  /**
   * Type 1 has lost nested translation: {@code VFIO_TYPE1_NESTING_IOMMU} is no extension, and
   * ENODEV to {@code VFIO_SET_IOMMU}; before, it is one, and EINVAL for drivers that cannot.
   */
  NO_NESTING_IN_TYPE1,
  /** A range of type 1 that wraps around is EOVERFLOW; before, EINVAL. */
  OVERFLOW_IN_TYPE1,
  /**
   * VT-d's second stage keeps a device from reading what is mapped for writing; before, the driver
   * sets the bit that permits reads in every entry.
   */
  READ_PERMISSION_OF_VTD,
  /**
   * AMD-Vi's tables have as many levels as the registers say; before, up to six: IOVAs to 2^64 - 1.
   */
  WIDTH_OF_AMD_TABLES,
  /**
   * {@code IOMMU_IOAS_MAP} looks at the end of the memory, EOVERFLOW, before its length, EINVAL;
   * before, the other way round.
   */
  WRAP_BEFORE_LENGTH
}
