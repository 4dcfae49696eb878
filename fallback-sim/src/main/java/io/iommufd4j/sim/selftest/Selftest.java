// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.selftest;

import static io.iommufd4j.bindings.selftest.selftest_h.*;

import io.iommufd4j.bindings.selftest.iommu_test_cmd;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.MappableFile;
import io.iommufd4j.sim.iommufd.command.Command;
import io.iommufd4j.sim.iommufd.command.TestCommands;
import io.iommufd4j.sim.lib.Behavior;
import io.iommufd4j.sim.lib.KernelRelease;
import io.iommufd4j.sim.lib.Refused;
import java.util.Map;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** {@code IOMMU_TEST_CMD}: which operation is whose ({@code iommufd_test}). */
public final class Selftest implements TestCommands {

  /** One operation. */
  @FunctionalInterface
  private interface Operation {
    /** Runs it. */
    void execute(Command command);
  }

  private final MockIommu iommu;
  private final LongFunction<MappableFile> memory;
  private final KernelRelease release;

  /** Made by the first who asks for one: few programs do, and each operation is a class. */
  private volatile @Nullable Map<Integer, Operation> operations;

  /**
   * The operations of one kernel, on its mock IOMMU.
   *
   * @param memory makes so many bytes of memory to export
   * @param release which release has them
   */
  public Selftest(MockIommu iommu, LongFunction<MappableFile> memory, KernelRelease release) {
    this.iommu = iommu;
    this.memory = memory;
    this.release = release;
  }

  private Map<Integer, Operation> operations() {
    Map<Integer, Operation> made = operations;
    if (made == null) {
      // Threads that ask at once make equal ones.
      made = newOperations();
      operations = made;
    }
    return made;
  }

  private Map<Integer, Operation> newOperations() {
    var devices = new DeviceOperations(iommu);
    var buffers = new BufferOperations(memory);
    return Map.ofEntries(
        Map.entry(IOMMU_TEST_OP_ADD_RESERVED(), MapOperations::addReserved),
        Map.entry(IOMMU_TEST_OP_MOCK_DOMAIN(), devices::mockDomain),
        Map.entry(IOMMU_TEST_OP_MD_CHECK_MAP(), MapOperations::checkMap),
        Map.entry(IOMMU_TEST_OP_MD_CHECK_REFS(), MapOperations::checkRefs),
        Map.entry(IOMMU_TEST_OP_CREATE_ACCESS(), AccessOperations::create),
        Map.entry(IOMMU_TEST_OP_DESTROY_ACCESS_PAGES(), AccessOperations::unpin),
        Map.entry(IOMMU_TEST_OP_ACCESS_PAGES(), AccessOperations::pin),
        Map.entry(IOMMU_TEST_OP_ACCESS_RW(), AccessOperations::copy),
        Map.entry(IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT(), LimitOperation::set),
        Map.entry(IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE(), DeviceOperations::replace),
        Map.entry(IOMMU_TEST_OP_ACCESS_REPLACE_IOAS(), AccessOperations::replaceIoas),
        Map.entry(IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS(), devices::mockDomainFlags),
        Map.entry(IOMMU_TEST_OP_DIRTY(), DirtyOperations::dirty),
        Map.entry(IOMMU_TEST_OP_MD_CHECK_IOTLB(), IotlbOperations::check),
        Map.entry(IOMMU_TEST_OP_TRIGGER_IOPF(), EventOperations::triggerPageRequest),
        Map.entry(IOMMU_TEST_OP_DEV_CHECK_CACHE(), EventOperations::checkCache),
        Map.entry(IOMMU_TEST_OP_TRIGGER_VEVENT(), EventOperations::triggerEvent),
        Map.entry(IOMMU_TEST_OP_PASID_ATTACH(), PasidOperations::attach),
        Map.entry(IOMMU_TEST_OP_PASID_REPLACE(), PasidOperations::replace),
        Map.entry(IOMMU_TEST_OP_PASID_DETACH(), PasidOperations::detach),
        Map.entry(IOMMU_TEST_OP_PASID_CHECK_HWPT(), PasidOperations::checkHwpt),
        Map.entry(IOMMU_TEST_OP_DMABUF_GET(), buffers::get),
        Map.entry(IOMMU_TEST_OP_DMABUF_REVOKE(), BufferOperations::revoke));
  }

  /** {@inheritDoc} EOPNOTSUPP for an unknown operation. */
  @Override
  public void execute(Command command) {
    int number = iommu_test_cmd.op(command.block());
    Operation operation = operations().get(number);
    boolean later =
        number > IOMMU_TEST_OP_TRIGGER_IOPF() && !release.has(Behavior.MOCK_BESIDE_OTHERS);
    if (operation == null || later) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    operation.execute(command);
  }
}
