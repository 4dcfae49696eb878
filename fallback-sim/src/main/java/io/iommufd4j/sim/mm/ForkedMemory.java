// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;

/**
 * The memory of a forked process: all that its parent has mapped, at the same addresses, until it
 * exits. Unlike a kernel's, private memory is the parent's own here and no copy of it.
 */
public final class ForkedMemory implements UserMemory {

  private final UserMemory parent;
  private volatile boolean exited;

  /** Memory of a child. */
  public ForkedMemory(UserMemory parent) {
    this.parent = parent;
  }

  /** The process is gone: what it had pinned stays, nothing else can be reached. */
  public void exit() {
    exited = true;
  }

  @Override
  public boolean alive() {
    return !exited && parent.alive();
  }

  private UserMemory reached() {
    if (!alive()) {
      throw Refused.with(Errno.EFAULT);
    }
    return parent;
  }

  @Override
  public void copyIn(long address, MemorySegment into) {
    reached().copyIn(address, into);
  }

  @Override
  public void copyOut(long address, MemorySegment from) {
    reached().copyOut(address, from);
  }

  @Override
  public long pin(long address, long pages, boolean writable) {
    return reached().pin(address, pages, writable);
  }

  @Override
  public void unpin(long physical, long pages) {
    parent.unpin(physical, pages);
  }

  @Override
  public boolean samePage(long address, long physical) {
    return reached().samePage(address, physical);
  }

  @Override
  public int pins(long address) {
    return reached().pins(address);
  }

  @Override
  public long machineAddress(long physical) {
    return parent.machineAddress(physical);
  }

  @Override
  public long physicalAddress(long machine) {
    return parent.physicalAddress(machine);
  }

  @Override
  public boolean readPhysical(long physical, MemorySegment into) {
    return parent.readPhysical(physical, into);
  }

  @Override
  public boolean writePhysical(long physical, MemorySegment from) {
    return parent.writePhysical(physical, from);
  }

  @Override
  public void placeRegisters(long physical, long bytes, Registers registers) {
    parent.placeRegisters(physical, bytes, registers);
  }
}
