// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.device.model;

import static io.iommufd4j.sim.device.model.LittleEndian.LONG;

import io.iommufd4j.sim.device.DevicePort;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The data of a command, in pages that it points to: the first, and the second or a list of the
 * others (physical region pages). Lists go on in their last entry.
 */
final class NvmeData {

  private final DevicePort port;
  private final MemorySegment entry = Arena.ofAuto().allocate(Long.BYTES, Long.BYTES);
  private int page = 4096;

  NvmeData(DevicePort port) {
    this.port = port;
  }

  /** Sets the size of memory pages. */
  void pageBytes(int bytes) {
    page = bytes;
  }

  int pageBytes() {
    return page;
  }

  /** {@return the status of having read a command's data into a buffer, all of it} */
  int read(NvmeCommand command, MemorySegment into) {
    return transfer(command, into, false);
  }

  /** {@return the status of having written a buffer to where a command wants it} */
  int write(NvmeCommand command, MemorySegment from) {
    return transfer(command, from, true);
  }

  private int transfer(NvmeCommand command, MemorySegment buffer, boolean write) {
    long first = Math.min(buffer.byteSize(), page - command.data() % page);
    int status = move(command.data(), buffer.asSlice(0, first), write);
    MemorySegment rest = buffer.asSlice(first);
    if (status != NvmeStatus.SUCCESS || rest.byteSize() == 0) {
      return status;
    }
    return rest.byteSize() <= page
        ? wholePage(command.more(), rest, write)
        : list(command.more(), rest, write);
  }

  private int list(long start, MemorySegment buffer, boolean write) {
    long at = start;
    for (long done = 0; done < buffer.byteSize(); ) {
      if (at % Long.BYTES != 0) {
        return NvmeStatus.INVALID_OFFSET;
      }
      if (!port.read(at, entry)) {
        return NvmeStatus.TRANSFER_ERROR;
      }
      long pointer = entry.get(LONG, 0);
      boolean lastOfList = at % page == page - Long.BYTES;
      if (lastOfList && buffer.byteSize() - done > page) {
        if (pointer % page != 0) {
          return NvmeStatus.INVALID_OFFSET;
        }
        at = pointer;
        continue;
      }
      long some = Math.min(page, buffer.byteSize() - done);
      int status = wholePage(pointer, buffer.asSlice(done, some), write);
      if (status != NvmeStatus.SUCCESS) {
        return status;
      }
      done += some;
      at += Long.BYTES;
    }
    return NvmeStatus.SUCCESS;
  }

  private int wholePage(long iova, MemorySegment buffer, boolean write) {
    return iova % page == 0 ? move(iova, buffer, write) : NvmeStatus.INVALID_OFFSET;
  }

  private int move(long iova, MemorySegment buffer, boolean write) {
    boolean moved = write ? port.write(iova, buffer) : port.read(iova, buffer);
    return moved ? NvmeStatus.SUCCESS : NvmeStatus.TRANSFER_ERROR;
  }
}
