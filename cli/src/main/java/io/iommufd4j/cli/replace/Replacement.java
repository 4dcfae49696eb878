// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

import static java.lang.Long.toHexString;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Hwpt;
import io.iommufd4j.Ioas;
import io.iommufd4j.Iommufd;
import io.iommufd4j.error.HostException;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.IommuInstance;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.uapi.PageTableId;
import io.iommufd4j.vfio.VfioDevice;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Carries a plan out: bind, attach to A, replace by B, verify. Whatever becomes of it, the host is
 * left as it was found.
 */
public final class Replacement {

  private final Kernel kernel;
  private final ReplacePlan plan;
  private final VfioBinding binding;
  private final Interruption interruption;
  private final ProgressListener progress;
  private boolean byIoas;
  private boolean onlyIntoNothing;

  /**
   * Prepares; {@link #run} begins.
   *
   * @param binding of the devices that the plan hands to vfio-pci, prepared and not bound
   */
  public Replacement(
      Kernel kernel,
      ReplacePlan plan,
      VfioBinding binding,
      Interruption interruption,
      ProgressListener progress) {
    this.kernel = kernel;
    this.plan = plan;
    this.binding = binding;
    this.interruption = interruption;
    this.byIoas = plan.order().target() == ReplaceTarget.AUTO;
    this.progress = progress;
  }

  /**
   * Does it, and undoes what has to be undone.
   *
   * @throws KernelException when the kernel refuses a step
   * @throws HostException when a driver cannot be bound
   * @throws NotRestoredException when a device cannot be given back
   * @throws DeviceStuckException when a DMA engine does not finish
   * @throws StoppedException when asked to stop
   */
  public ReplaceOutcome run() {
    try (var undo = new Undo()) {
      return run(undo);
    }
  }

  private ReplaceOutcome run(Undo undo) {
    bindDrivers(undo);
    // Taken before the iommufd is opened, so given back after it is closed, which unmaps them.
    MemorySegment first = memory(undo);
    MemorySegment second = sameIoas() ? first : memory(undo);
    Iommufd iommufd = Iommufd.open(kernel);
    undo.add(iommufd::close);
    List<VfioDevice> devices = bindDevices(iommufd, undo);
    VfioDevice device = devices.getFirst();

    Side a = newIoas('A', first, iommufd, device);
    Side b = sameIoas() ? sameIoas(a, iommufd, device) : newIoas('B', second, iommufd, device);
    interruption.check();
    PageTableId before = attach(devices, a);

    Optional<DmaTrial> trial = dmaTrial(devices, a, b);
    trial.ifPresent(dma -> dma.run(false, a.buffer()));
    interruption.check();

    long start = System.nanoTime();
    PageTableId after = device.replace(b.target());
    long nanos = System.nanoTime() - start;
    progress.did("replaced " + before + " by " + after + " under " + name(plan.device()));

    trial.ifPresent(dma -> dma.run(true, b.reached()));
    Optional<DmaProof> proof = trial.map(DmaTrial::proof);
    var checks = new ArrayList<Check>();
    checks.add(writtenBack(before, after, b));
    proof.ifPresent(seen -> checks.add(dmaFollowed(seen, b)));
    checks.add(newIsInUse(iommufd, b, after));
    Optional<Latency> latency = Optional.empty();
    if (!b.mapped()) {
      // The way back would be to an IOAS that maps something.
      checks.add(oldIsFree(iommufd, a, before));
    } else if (a.hwpt().isPresent()) {
      latency = time(devices, b, a);
      checks.add(oldIsFree(iommufd, a, before));
    } else {
      // An automatic HWPT's id names another one after the rounds.
      checks.add(oldIsFree(iommufd, a, before));
      latency = time(devices, b, a);
    }
    return new ReplaceOutcome(
        device.id(),
        new Translation(a.buffer(), a.ioas().id(), before),
        new Translation(b.buffer(), b.ioas().id(), after),
        nanos,
        checks,
        proof,
        latency);
  }

  private boolean sameIoas() {
    return plan.order().target() == ReplaceTarget.SAME_IOAS;
  }

  private MemorySegment memory(Undo undo) {
    int pages = DmaProof.pages(plan.attached().size());
    DmaBuffer memory = DmaBuffer.allocate(kernel, pages * kernel.process().pageSize());
    undo.add(memory::close);
    return memory.segment();
  }

  private void bindDrivers(Undo undo) {
    undo.add(() -> giveBack(binding));
    binding.bind();
    plan.toBind().forEach(address -> progress.did("bound " + address + " to vfio-pci for the run"));
  }

  /**
   * Gives bound devices back, and tries twice.
   *
   * @throws NotRestoredException when one cannot be given back
   */
  public static void giveBack(VfioBinding binding) {
    if (!binding.restore().isEmpty()) {
      // Once more: what was in the way may be gone, and nobody else will do it.
      List<HostException> failures = binding.restore();
      if (!failures.isEmpty()) {
        throw new NotRestoredException(failures, binding.undo());
      }
    }
  }

  private List<VfioDevice> bindDevices(Iommufd iommufd, Undo undo) {
    var devices = new ArrayList<VfioDevice>();
    for (Participant participant : plan.attached()) {
      interruption.check();
      VfioDevice device = VfioDevice.open(kernel, participant.device().address());
      undo.add(device::close);
      DeviceId id = bind(device, participant, iommufd);
      progress.did("bound " + name(participant) + " to iommufd as " + id);
      devices.add(device);
    }
    return devices;
  }

  /** The token is between a physical function and its virtual ones; no other takes one. */
  private DeviceId bind(VfioDevice device, Participant participant, Iommufd iommufd) {
    return plan.order()
        .vfToken()
        .filter(_ -> participant.takesToken())
        .map(token -> bindWithToken(device, participant, iommufd, token))
        .orElseGet(() -> device.bind(iommufd));
  }

  /**
   * Binds by the token, or without where the kernel takes none: Linux 6.12 does not know of tokens
   * here, and wants none either.
   */
  private DeviceId bindWithToken(
      VfioDevice device, Participant participant, Iommufd iommufd, UUID token) {
    try {
      return device.bindWithToken(iommufd, token);
    } catch (KernelException refused) {
      if (refused.errno() != Errno.EINVAL) {
        throw refused;
      }
      DeviceId id = device.bind(iommufd);
      progress.did("the kernel takes no VF token for " + name(participant) + ": bound without it");
      return id;
    }
  }

  /** An IOAS that maps the memory, and a HWPT of it unless that is the kernel's to make. */
  private Side newIoas(char letter, MemorySegment memory, Iommufd iommufd, VfioDevice device) {
    Ioas ioas = iommufd.newIoas();
    if (onlyIntoNothing) {
      progress.did("made " + ioas.id() + ", which maps nothing");
      return new Side(letter, memory, ioas, false, Optional.empty());
    }
    ioas.map(memory, plan.iova(), Access.READ_WRITE);
    progress.did(
        "made " + ioas.id() + " with buffer " + letter + " at IOVA 0x" + toHexString(plan.iova()));
    return new Side(
        letter, memory, ioas, true, byIoas ? Optional.empty() : hwptOf(ioas, iommufd, device));
  }

  /**
   * A HWPT of an IOAS, unless the kernel only makes one as it attaches for the first time: Linux
   * 6.12 does not know a virtio-iommu domain's aperture before, and takes every mapping to lie
   * outside of it. A replace makes its HWPT before it attaches, so that it goes only to an IOAS
   * that maps nothing.
   */
  private Optional<Hwpt> hwptOf(Ioas ioas, Iommufd iommufd, VfioDevice device) {
    try {
      return Optional.of(newHwpt(iommufd, device, ioas));
    } catch (KernelException refused) {
      if (refused.errno() != Errno.EADDRINUSE || sameIoas() || !virtio()) {
        throw refused;
      }
      byIoas = true;
      onlyIntoNothing = true;
      progress.did(
          "this kernel makes no HWPT of an IOAS that maps something behind virtio-iommu"
              + " (EADDRINUSE): going by IOAS ids, and replacing by an IOAS that maps nothing, which"
              + " is all that it can replace by"
              + (plan.order().rounds() > 0 ? "; there is no way back, so nothing is timed" : ""));
      return Optional.empty();
    }
  }

  private boolean virtio() {
    return plan.iommu().driver() == IommuInstance.Driver.VIRTIO;
  }

  private Side sameIoas(Side other, Iommufd iommufd, VfioDevice device) {
    Hwpt hwpt = newHwpt(iommufd, device, other.ioas());
    return new Side(other.buffer(), other.memory(), other.ioas(), true, Optional.of(hwpt));
  }

  private Hwpt newHwpt(Iommufd iommufd, VfioDevice device, Ioas ioas) {
    Hwpt hwpt = iommufd.newHwpt(device, ioas);
    progress.did("made " + hwpt.id() + " of " + ioas.id());
    return hwpt;
  }

  private PageTableId attach(List<VfioDevice> devices, Side side) {
    PageTableId attached = devices.getFirst().attach(side.target());
    for (VfioDevice sibling : devices.subList(1, devices.size())) {
      sibling.attach(side.target());
    }
    plan.attached()
        .forEach(participant -> progress.did("attached " + name(participant) + " to " + attached));
    return attached;
  }

  private Optional<DmaTrial> dmaTrial(List<VfioDevice> devices, Side a, Side b) {
    if (!plan.order().proveDma()) {
      return Optional.empty();
    }
    var drivers = new ArrayList<DmaTrial.Driver>();
    for (int i = 0; i < devices.size(); i++) {
      Participant participant = plan.attached().get(i);
      drivers.add(
          new DmaTrial.Driver(
              participant.device().address(),
              EduEngine.of(devices.get(i), name(participant), interruption)));
    }
    List<Side> buffers = a.buffer() == b.buffer() ? List.of(a) : List.of(a, b);
    return Optional.of(new DmaTrial(drivers, buffers, plan.iova(), kernel.process().pageSize()));
  }

  private Optional<Latency> time(List<VfioDevice> devices, Side here, Side there) {
    int rounds = plan.order().rounds();
    return rounds == 0
        ? Optional.empty()
        : Optional.of(new LatencyTrial(devices, here, there, interruption, progress).run(rounds));
  }

  private static Check writtenBack(PageTableId before, PageTableId after, Side side) {
    return side.hwpt()
        .map(asked ->
            new Check(
                "the kernel wrote back the HWPT that was asked for",
                asked.id().equals(after),
                after.toString()))
        .orElseGet(() ->
            new Check(
                "the kernel wrote back another HWPT than before",
                !after.equals(before),
                after.toString()));
  }

  private static Check oldIsFree(Iommufd iommufd, Side side, PageTableId old) {
    Optional<ErrnoCode> refused = destroy(iommufd, side, old);
    // An automatic HWPT is gone already: it goes with its last device.
    Optional<ErrnoCode> expected =
        side.hwpt().isPresent() ? Optional.empty() : Optional.of(Errno.ENOENT);
    return new Check(
        "nothing is attached to the old HWPT", refused.equals(expected), answer(old, refused));
  }

  private static Check newIsInUse(Iommufd iommufd, Side side, PageTableId now) {
    Optional<ErrnoCode> refused = destroy(iommufd, side, now);
    return new Check(
        "the device is attached to the new HWPT",
        refused.equals(Optional.of(Errno.EBUSY)),
        answer(now, refused));
  }

  private static String answer(PageTableId hwpt, Optional<ErrnoCode> refused) {
    return "destroying "
        + hwpt
        + refused.map(errno -> " answers " + errno.name()).orElse(" succeeds");
  }

  /** Empty when it was destroyed. */
  private static Optional<ErrnoCode> destroy(Iommufd iommufd, Side side, PageTableId id) {
    try {
      side.hwpt().ifPresentOrElse(Hwpt::close, () -> iommufd.destroy(id));
      return Optional.empty();
    } catch (KernelException refused) {
      return Optional.of(refused.errno());
    }
  }

  private static Check dmaFollowed(DmaProof proof, Side now) {
    long wrong = proof.runs().stream().filter(run -> !run.holds()).count();
    return new Check(
        now.mapped()
            ? "DMA reached the old buffer before the replace and the new one after"
            : "DMA reached the old buffer before the replace and nothing after",
        wrong == 0,
        wrong == 0
            ? "all " + proof.runs().size() + " copies landed where they should"
            : wrong + " of " + proof.runs().size() + " copies did not");
  }

  private static String name(Participant participant) {
    return participant.device().address().toString();
  }
}
