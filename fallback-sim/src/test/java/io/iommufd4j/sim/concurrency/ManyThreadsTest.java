// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.concurrency;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.sim.Census;
import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.SimKernel;
import io.iommufd4j.sim.driver.IommuPreset;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Threads that do what they like with one context and its devices. {@code -Dsim.seed} chooses what
 * each does, {@code -Dsim.steps} how much of it.
 */
class ManyThreadsTest {

  private static final long SEED = Long.getLong("sim.seed", 20_260_101);
  private static final int STEPS = Integer.getInteger("sim.steps", 1_500);
  private static final int THREADS = 4;
  private static final int READ_WRITE = libc_h.O_RDWR();

  /**
   * The number of places where things are mapped: all bytes of a place hold its number, whoever
   * mapped them.
   */
  private static final int PLACES = 8;

  private static final long PLACE = 1 << 16;
  private static final long BASE = 0x100_0000;

  /** The errnos of Linux for requests that come too late, or too early. */
  private static final Set<Errno> EXPECTED =
      Set.of(
          Errno.ENOENT,
          Errno.EBUSY,
          Errno.EEXIST,
          Errno.EINVAL,
          Errno.EADDRINUSE,
          Errno.EOPNOTSUPP);

  /** A kernel with two devices of one group and one alone, bound to one context. */
  private static final class Scene implements AutoCloseable {
    final SimKernel kernel;
    final List<PciAddress> devices;
    final VfioBinding binding;
    final DmaBuffer buffer;
    final int iommufd;
    final List<Integer> cdevs = new ArrayList<>();
    final List<Integer> ids = new ArrayList<>();
    final Set<Integer> objects = new ConcurrentSkipListSet<>();
    final Set<ErrnoCode> unexpected = ConcurrentHashMap.newKeySet();

    Scene(IommuPreset iommu) {
      kernel = SimKernel.on(Machine.named("many:" + iommu.label()));
      devices =
          List.of(
              PciAddress.parse("0000:00:08.0"),
              PciAddress.parse("0000:00:08.1"),
              PciAddress.parse("0000:00:09.0"));
      binding = VfioBinding.bind(kernel, devices);
      buffer = DmaBuffer.allocate(kernel, PLACES * PLACE);
      for (int place = 0; place < PLACES; place++) {
        buffer.segment().asSlice(place * PLACE, PLACE).fill((byte) place);
      }
      iommufd = kernel.open("/dev/iommu", READ_WRITE);
      try (var requests = new Requests(kernel, iommufd)) {
        for (PciAddress device : devices) {
          String node = Host.of(kernel).device(device).cdevPath().orElseThrow();
          int cdev = kernel.open(node, READ_WRITE);
          cdevs.add(cdev);
          ids.add(requests.bind(cdev));
        }
        for (int i = 0; i < 3; i++) {
          objects.add(requests.ioas());
        }
      }
    }

    /** One of the objects there are at this moment, or one that is gone by now. */
    int any(Random random) {
      List<Integer> now = List.copyOf(objects);
      return now.isEmpty() ? 1 : now.get(random.nextInt(now.size()));
    }

    @Override
    public void close() {
      cdevs.forEach(kernel::close);
      kernel.close(iommufd);
      assertEquals(Census.NOTHING, kernel.control().census());
      buffer.close();
      binding.close();
      kernel.close();
    }
  }

  @ParameterizedTest
  @EnumSource(IommuPreset.class)
  void nobodyWaitsForeverAndNothingIsLeft(IommuPreset iommu) throws Exception {
    Set<Thread> before = Thread.getAllStackTraces().keySet();
    try (var scene = new Scene(iommu);
        var pool = Executors.newFixedThreadPool(THREADS + 1)) {
      var done = new AtomicBoolean();
      Future<Integer> dma = pool.submit(() -> watchDma(scene, done));
      var workers = new ArrayList<Future<?>>();
      for (int i = 0; i < THREADS; i++) {
        var random = new Random(SEED + i);
        workers.add(pool.submit(() -> work(scene, random)));
      }
      for (Future<?> worker : workers) {
        // Not a limit on how long it may take: only a deadlock takes as long.
        worker.get(5, TimeUnit.MINUTES);
      }
      done.set(true);
      assertEquals(0, dma.get(), "DMA met bytes that nobody mapped there");
      assertTrue(
          EXPECTED.containsAll(scene.unexpected),
          () -> "seed " + SEED + " met " + scene.unexpected.stream().map(ErrnoCode::name).toList());
    }
    var after = new ArrayList<>(Thread.getAllStackTraces().keySet());
    after.removeAll(before);
    after.removeIf(thread -> !thread.getName().startsWith("bars"));
    assertEquals(List.of(), after);
  }

  private static void work(Scene scene, Random random) {
    try (var requests = new Requests(scene.kernel, scene.iommufd)) {
      for (int i = 0; i < STEPS; i++) {
        int answer = step(scene, requests, random);
        if (answer < 0) {
          scene.unexpected.add(ErrnoCode.of(answer));
        }
      }
    }
  }

  private static int step(Scene scene, Requests requests, Random random) {
    int place = random.nextInt(PLACES);
    int places = 1 + random.nextInt(Math.min(3, PLACES - place));
    long iova = BASE + place * PLACE;
    int device = random.nextInt(scene.cdevs.size());
    return switch (random.nextInt(14)) {
      case 0 -> keep(scene, requests.ioas());
      case 1, 2, 3 ->
          requests.map(
              scene.any(random),
              scene.buffer.segment().address() + place * PLACE,
              places * PLACE,
              iova);
      case 4, 5, 6 -> requests.unmap(scene.any(random), iova, places * PLACE);
      case 7 -> requests.copy(scene.any(random), iova, places * PLACE, scene.any(random), iova);
      case 8 -> keep(scene, requests.hwpt(scene.ids.get(device), scene.any(random)));
      case 9, 10 -> keep(scene, requests.attach(scene.cdevs.get(device), scene.any(random)));
      case 11 -> requests.detach(scene.cdevs.get(device));
      case 12 -> requests.allow(scene.any(random), 0, random.nextBoolean() ? 0 : BASE - 1);
      default -> destroy(scene, requests, scene.any(random));
    };
  }

  private static int keep(Scene scene, int id) {
    if (id > 0) {
      scene.objects.add(id);
    }
    return id;
  }

  /** Devices are not destroyed by request; one object is always left. */
  private static int destroy(Scene scene, Requests requests, int id) {
    int answer = scene.objects.size() < 4 ? 0 : requests.destroy(id);
    if (answer == 0 || answer == Errno.ENOENT.negated()) {
      scene.objects.remove(id);
    }
    return answer;
  }

  /** Reads where things are mapped, as the devices do. */
  private static int watchDma(Scene scene, AtomicBoolean done) {
    var random = new Random(SEED);
    var bytes = MemorySegment.ofArray(new byte[64]);
    int wrong = 0;
    while (!done.get()) {
      int place = random.nextInt(PLACES);
      var device = scene.devices.get(random.nextInt(scene.devices.size()));
      long at = BASE + place * PLACE + random.nextInt((int) PLACE - 64);
      if (scene.kernel.control().hardware().read(device, at, bytes)) {
        for (byte value : bytes.toArray(ValueLayout.JAVA_BYTE)) {
          wrong += value == place ? 0 : 1;
        }
      }
      Thread.onSpinWait();
    }
    return wrong;
  }
}
