// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.record;

import io.iommufd4j.exec.record.RequestParts.Use;
import io.iommufd4j.kernel.TraceField;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One line of a recording behind its header. Files are told by numbers, which each open file has of
 * its own, whatever descriptors it has. A result is ≥ 0 or −errno.
 */
public sealed interface RecordedEvent {

  /** The file that nothing is known of. */
  int NO_FILE = 0;

  /**
   * The thread that makes a call.
   *
   * @param pid number of the process
   * @param tid number of the thread
   */
  record By(int pid, int tid) {}

  /** {@return who made the call} */
  By by();

  /**
   * {@code open(2)} of {@code /dev/iommu} or a file of VFIO.
   *
   * @param by who made the call
   * @param path absolute
   * @param device the PCI function that is behind it, or the first one of a group; empty for none
   * @param flags {@code O_*}
   * @param file number of the file, {@link #NO_FILE} when it was refused
   * @param kind what it is
   * @param result the descriptor
   * @param nanos time of the call
   */
  record Open(
      By by,
      String path,
      Optional<String> device,
      int flags,
      int file,
      RecordedKind kind,
      long result,
      long nanos)
      implements RecordedEvent {}

  /**
   * Nobody has the file open any more.
   *
   * @param by who had it last, as far as it is known
   * @param file its number
   */
  record Close(By by, int file) implements RecordedEvent {}

  /**
   * Memory that a request's block points to.
   *
   * @param field that holds the address
   * @param address in the process
   * @param bytes how many
   * @param use what the kernel does with it
   * @param before what was there, as far as it can be read; null where the kernel does not read
   * @param after what is there afterwards; null where the kernel does not write
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Data(
      String field,
      long address,
      long bytes,
      Use use,
      byte @Nullable [] before,
      byte @Nullable [] after) {}

  /**
   * A piece of memory that a request pins.
   *
   * @param address of its first byte
   * @param bytes whole pages
   * @param access as {@code rw-p}
   * @param file whose registers are mapped there; {@link #NO_FILE} for memory
   * @param offset in that file
   */
  record Memory(long address, long bytes, String access, int file, long offset) {}

  /**
   * A descriptor that a request's block holds.
   *
   * @param field that holds it
   * @param fd the descriptor
   * @param is {@code recorded} for a file of this recording, {@code eventfd}, {@code memory} for
   *     memfds and other files with pages, {@code other}, or {@code closed}
   * @param file number of a recorded file
   * @param name tells two files of memory from each other; empty for others
   * @param bytes size of a file of memory
   */
  record Descriptor(String field, int fd, String is, int file, String name, long bytes) {}

  /**
   * A file that a request gave a descriptor of.
   *
   * @param field that holds it; empty when it is the request's result
   * @param fd the descriptor
   * @param file its number
   * @param kind what it is
   */
  record Given(String field, int fd, int file, RecordedKind kind) {}

  /**
   * {@code ioctl(2)} of iommufd or VFIO.
   *
   * @param by who made the call
   * @param fd the descriptor
   * @param file number of the file; {@link #NO_FILE} when nothing is known of it
   * @param kind what that is; null when it is not known
   * @param request name; empty when the number is not known for such a file
   * @param number as the call takes it
   * @param argument address of the block, or another value
   * @param block as it was; null when there is none
   * @param after as it was afterwards; null when it is the same
   * @param fields of the block, with flags and ids by name
   * @param changed the fields that the kernel changed
   * @param data memory that is pointed to
   * @param memory memory that is pinned
   * @param descriptors in the block
   * @param given files that are open from now on
   * @param fault whether the errno was asked for, and the kernel did nothing
   * @param result of the call
   * @param nanos time of the call
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Ioctl(
      By by,
      int fd,
      int file,
      @Nullable RecordedKind kind,
      String request,
      int number,
      long argument,
      byte @Nullable [] block,
      byte @Nullable [] after,
      List<TraceField> fields,
      List<TraceField> changed,
      List<Data> data,
      List<Memory> memory,
      List<Descriptor> descriptors,
      List<Given> given,
      boolean fault,
      long result,
      long nanos)
      implements RecordedEvent {

    /** {@return the same as a fault that was asked for} */
    public Ioctl asFault() {
      return new Ioctl(
          by,
          fd,
          file,
          kind,
          request,
          number,
          argument,
          block,
          after,
          fields,
          changed,
          data,
          memory,
          descriptors,
          given,
          true,
          result,
          nanos);
    }
  }

  /**
   * {@code read}, {@code write}, {@code pread} or {@code pwrite} of a recorded file.
   *
   * @param by who made the call
   * @param call its name
   * @param file number of the file
   * @param offset in the file; −1 for the calls that take none
   * @param bytes how many were asked for
   * @param data what was moved, or was to be written
   * @param result of the call
   * @param nanos time of the call
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Transfer(
      By by, String call, int file, long offset, long bytes, byte[] data, long result, long nanos)
      implements RecordedEvent {}

  /**
   * {@code mmap(2)} of a recorded file.
   *
   * @param by who made the call
   * @param file number of the file
   * @param bytes how many
   * @param protection {@code PROT_*}
   * @param flags {@code MAP_*}
   * @param offset in the file
   * @param result the address
   * @param nanos time of the call
   */
  record Mmap(
      By by, int file, long bytes, int protection, int flags, long offset, long result, long nanos)
      implements RecordedEvent {

    /**
     * {@return the same with another result}
     *
     * @param address where it lies
     */
    public Mmap at(long address) {
      return new Mmap(by, file, bytes, protection, flags, offset, address, nanos);
    }
  }

  /**
   * {@code write(2)} of an attribute of sysfs.
   *
   * @param by who made the call
   * @param path absolute
   * @param text what was written
   * @param result of the call
   * @param nanos time of the call
   */
  record Attribute(By by, String path, String text, long result, long nanos)
      implements RecordedEvent {}
}
