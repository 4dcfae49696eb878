// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.CallingProcess;
import io.iommufd4j.sim.mm.UserMemory;
import io.iommufd4j.sim.vfio.type1.ContainerIommu;
import io.iommufd4j.sim.vfio.type1.Type1Iommu;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Groups that share DMA mappings ({@code struct vfio_container}). It has an IOMMU from {@code
 * VFIO_SET_IOMMU} on until its last group leaves; it lives while it has groups, even when its file
 * is closed.
 */
final class Container {

  private final UserMemory memory;
  private final CallingProcess calling;
  private final VfioParameters parameters;
  private final List<VfioGroup> groups = new ArrayList<>();
  private @Nullable ContainerIommu iommu;

  /**
   * A container without groups.
   *
   * @param memory what is mapped lies in it
   * @param calling whose accounts pinned pages count in
   */
  Container(UserMemory memory, CallingProcess calling, VfioParameters parameters) {
    this.memory = memory;
    this.calling = calling;
    this.parameters = parameters;
  }

  synchronized boolean hasIommu() {
    return iommu != null;
  }

  /**
   * The IOMMU backend, which gets all requests that are not the container's own; null before it is
   * chosen.
   */
  synchronized @Nullable ContainerIommu iommu() {
    return iommu;
  }

  /** True if its groups have IOMMUs; groups with and without one do not mix. */
  private boolean translates() {
    return groups.getFirst().translates();
  }

  /**
   * {@code vfio_container_attach_group}: the group's DMA is blocked until there is an IOMMU.
   *
   * @throws Refused EPERM when another owns the group or it does not go with the others, and what
   *     the IOMMU answers
   */
  synchronized void add(VfioGroup group) {
    if (!groups.isEmpty() && translates() != group.translates()) {
      throw Refused.with(Errno.EPERM);
    }
    if (group.translates()) {
      claim(group);
    }
    groups.addFirst(group);
  }

  private void claim(VfioGroup group) {
    IommuGroup core = group.iommuGroup();
    core.claim(group);
    ContainerIommu attachTo = iommu;
    if (attachTo != null) {
      try {
        attachTo.attach(core);
      } catch (Refused refused) {
        core.release();
        throw refused;
      }
    }
  }

  /** {@code vfio_group_detach_container}: the last group takes the IOMMU with it. */
  synchronized void remove(VfioGroup group) {
    if (group.translates()) {
      ContainerIommu detachFrom = iommu;
      if (detachFrom != null) {
        detachFrom.detach(group.iommuGroup());
      }
      group.iommuGroup().release();
    }
    groups.remove(group);
    if (groups.isEmpty()) {
      iommu = null;
    }
  }

  /**
   * {@code vfio_ioctl_check_extension} while no IOMMU is chosen: what its groups leave to choose.
   */
  synchronized boolean offers(long extension) {
    boolean any = groups.isEmpty();
    return ((any || translates()) && Type1Iommu.offers(extension, parameters.release()))
        || ((any || !translates()) && NoContainerIommu.offers(parameters, extension));
  }

  /**
   * {@code vfio_ioctl_set_iommu}.
   *
   * @throws Refused EINVAL without a group or when it is chosen already, ENODEV for a type that
   *     there is not, and what the IOMMU answers to the groups
   */
  synchronized void choose(long type) {
    if (groups.isEmpty() || iommu != null) {
      throw Refused.with(Errno.EINVAL);
    }
    if (!translates()) {
      iommu = NoContainerIommu.open(parameters, calling.get().accounting(), type);
      return;
    }
    var chosen =
        Type1Iommu.open(
            calling, memory, parameters.type1UnsafeInterrupts()::get, type, parameters.release());
    List<VfioGroup> attached = new ArrayList<>();
    try {
      for (VfioGroup group : groups) {
        chosen.attach(group.iommuGroup());
        attached.addFirst(group);
      }
    } catch (Refused refused) {
      attached.forEach(group -> chosen.detach(group.iommuGroup()));
      throw refused;
    }
    iommu = chosen;
  }
}
