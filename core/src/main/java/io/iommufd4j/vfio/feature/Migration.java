// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.feature;

import io.iommufd4j.bindings.vfio.vfio_device_feature_mig_data_size;
import io.iommufd4j.bindings.vfio.vfio_device_feature_mig_state;
import io.iommufd4j.bindings.vfio.vfio_device_feature_migration;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.wire.KernelFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * The migration of a device: its state goes through {@link MigrationState}s, and out or in through
 * a stream of data ({@code VFIO_DEVICE_FEATURE_MIGRATION}, {@code _MIG_DEVICE_STATE}). Of vfio-pci
 * itself no device has it; drivers for one kind of device may.
 *
 * <p>A migration reads the state of one device in {@link MigrationState#STOP_COPY} and writes it to
 * another in {@link MigrationState#RESUMING}, which then runs.
 */
public final class Migration {

  private static final int NO_FD = -1;

  private final FeatureCalls calls;

  Migration(FeatureCalls calls) {
    this.calls = calls;
  }

  /**
   * {@return the kinds of migration that the device can do}
   *
   * @throws KernelException {@code ENOTTY} without the feature
   */
  public MigrationSupport support() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = FeatureCalls.block(arena, vfio_device_feature_migration.sizeof());
      calls.get(Feature.MIGRATION, block);
      long flags = vfio_device_feature_migration.flags(FeatureCalls.data(block));
      return new MigrationSupport(
          (flags & vfio_h.VFIO_MIGRATION_STOP_COPY()) != 0,
          (flags & vfio_h.VFIO_MIGRATION_P2P()) != 0,
          (flags & vfio_h.VFIO_MIGRATION_PRE_COPY()) != 0);
    }
  }

  /**
   * {@return the state that the device is in}
   *
   * @throws KernelException {@code ENOTTY} without the feature
   */
  public MigrationState state() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = FeatureCalls.block(arena, vfio_device_feature_mig_state.sizeof());
      calls.get(Feature.MIG_DEVICE_STATE, block);
      return MigrationState.of(
          vfio_device_feature_mig_state.device_state(FeatureCalls.data(block)));
    }
  }

  /**
   * Brings the device to a state. After a refusal the device may be in a state on the way, or in
   * {@link MigrationState#ERROR}; {@link #state} tells.
   *
   * @param state where to
   * @return the data stream that this opened, the caller's to close; empty for a state without one,
   *     and for one that goes on with the stream that is open
   * @throws KernelException {@code EINVAL} when no way leads there; {@code ENOTTY} without the
   *     feature; and what the driver answers
   */
  public Optional<MigrationData> state(MigrationState state) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = FeatureCalls.block(arena, vfio_device_feature_mig_state.sizeof());
      MemorySegment data = FeatureCalls.data(block);
      vfio_device_feature_mig_state.device_state(data, state.number());
      vfio_device_feature_mig_state.data_fd(data, NO_FD);
      calls.set(Feature.MIG_DEVICE_STATE, block);
      int fd = vfio_device_feature_mig_state.data_fd(data);
      return fd == NO_FD
          ? Optional.empty()
          : Optional.of(new MigrationData(new KernelFile(calls.file().kernel(), fd)));
    }
  }

  /**
   * {@return an estimate of the bytes that {@link MigrationState#STOP_COPY} has to move}
   *
   * @throws KernelException {@code ENOTTY} without the feature
   */
  public long dataBytes() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = FeatureCalls.block(arena, vfio_device_feature_mig_data_size.sizeof());
      calls.get(Feature.MIG_DATA_SIZE, block);
      return vfio_device_feature_mig_data_size.stop_copy_length(FeatureCalls.data(block));
    }
  }

  /**
   * Lets {@link MigrationData#precopy} report that new initial data has come up ({@code
   * VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2}, Linux 7.3).
   *
   * @throws KernelException {@code EINVAL} when the device cannot do {@link
   *     MigrationSupport#preCopy}
   */
  public void reportNewInitialData() {
    calls.set(Feature.MIG_PRECOPY_INFO_V2);
  }
}
