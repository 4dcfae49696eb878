// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.concurrency;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.SimKernel;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

/**
 * Short programs of two threads: what they answer together they also answer one request after the
 * other, in one order or another. {@code -Dsim.seed} chooses the programs.
 *
 * <p>As in Linux, a request may be told EBUSY because another is half-way, and a copy ENOENT of
 * what is in its place but not mapped yet; such a one changed nothing, and is left out of the
 * order.
 */
class SerialOrderTest {

  private static final long SEED = Long.getLong("sim.seed", 20_260_101);
  private static final int PROGRAMS = Integer.getInteger("sim.programs", 300);
  private static final int LENGTH = 3;
  private static final int READ_WRITE = libc_h.O_RDWR();
  private static final long BASE = 0x100_0000;
  private static final long PLACE = 1 << 14;
  private static final PciAddress DEVICE = PciAddress.parse("0000:00:09.0");

  /** A request whose answer depends on those before it. */
  private enum Kind {
    MAP,
    UNMAP,
    COPY,
    ALLOW,
    ATTACH_FIRST,
    ATTACH_SECOND,
    DETACH
  }

  /**
   * A request.
   *
   * @param place where, counted in places
   * @param places how long
   */
  private record Step(Kind kind, int place, int places) {

    static Step any(Random random) {
      Kind[] kinds = Kind.values();
      int place = random.nextInt(3);
      return new Step(kinds[random.nextInt(kinds.length)], place, 1 + random.nextInt(3 - place));
    }

    int run(Scene scene, Requests requests) {
      long iova = BASE + place * PLACE;
      long bytes = places * PLACE;
      return switch (kind) {
        case MAP -> requests.map(scene.first, scene.buffer.segment().address(), bytes, iova);
        case UNMAP -> requests.unmap(scene.first, iova, bytes);
        case COPY -> requests.copy(scene.first, iova, bytes, scene.second, iova);
        case ALLOW -> requests.allow(scene.first, BASE, place == 0 ? 0 : BASE + bytes);
        case ATTACH_FIRST -> requests.attach(scene.cdev, scene.firstHwpt);
        case ATTACH_SECOND -> requests.attach(scene.cdev, scene.secondHwpt);
        case DETACH -> requests.detach(scene.cdev);
      };
    }
  }

  /** A kernel with two IOASes, a HWPT of each, and a device; and what its programs start from. */
  private static final class Scene implements AutoCloseable {
    final SimKernel kernel = SimKernel.on(Machine.named("many:smmuv3"));
    final VfioBinding binding = VfioBinding.bind(kernel, List.of(DEVICE));
    final DmaBuffer buffer = DmaBuffer.allocate(kernel, 4 * PLACE);
    final int iommufd = kernel.open("/dev/iommu", READ_WRITE);
    final int cdev =
        kernel.open(Host.of(kernel).device(DEVICE).cdevPath().orElseThrow(), READ_WRITE);
    final Requests left = new Requests(kernel, iommufd);
    final Requests right = new Requests(kernel, iommufd);
    final int first = left.ioas();
    final int second = left.ioas();
    final int firstHwpt;
    final int secondHwpt;

    Scene() {
      int device = left.bind(cdev);
      firstHwpt = left.hwpt(device, first);
      secondHwpt = left.hwpt(device, second);
    }

    void reset() {
      left.detach(cdev);
      left.unmap(first, 0, -1);
      left.unmap(second, 0, -1);
      left.allow(first, 0, 0);
    }

    @Override
    public void close() {
      left.close();
      right.close();
      kernel.close(cdev);
      kernel.close(iommufd);
      buffer.close();
      binding.close();
      kernel.close();
    }
  }

  @Test
  void answersAreThoseOfSomeOrder() throws Exception {
    var random = new Random(SEED);
    try (var scene = new Scene();
        var pool = Executors.newFixedThreadPool(2)) {
      for (int program = 0; program < PROGRAMS; program++) {
        List<Step> left = steps(random);
        List<Step> right = steps(random);
        var answers = together(scene, pool, left, right);
        String told =
            "seed %d program %d: %s and %s answered %s"
                .formatted(SEED, program, left, right, answers);
        assertTrue(someOrder(scene, left, right, answers), told);
      }
    }
  }

  private static List<Step> steps(Random random) {
    var steps = new ArrayList<Step>();
    for (int i = 0; i < LENGTH; i++) {
      steps.add(Step.any(random));
    }
    return steps;
  }

  /** The answers to each thread's steps, and the mappings at the end. */
  private record Answers(List<Integer> left, List<Integer> right, List<Integer> end) {}

  private static Answers together(
      Scene scene, ExecutorService pool, List<Step> left, List<Step> right) throws Exception {
    scene.reset();
    var start = new CyclicBarrier(2);
    var lefts = pool.submit(() -> run(scene, scene.left, left, start));
    var rights = pool.submit(() -> run(scene, scene.right, right, start));
    return new Answers(lefts.get(), rights.get(), end(scene));
  }

  private static List<Integer> run(
      Scene scene, Requests requests, List<Step> steps, CyclicBarrier start) throws Exception {
    start.await();
    var answers = new ArrayList<Integer>();
    for (Step step : steps) {
      answers.add(step.run(scene, requests));
    }
    return answers;
  }

  /**
   * The state as far as requests show it: the bytes that an unmap of everything removes, and the
   * attachment.
   */
  private static List<Integer> end(Scene scene) {
    return List.of(
        scene.left.unmap(scene.first, 0, -1),
        scene.left.unmap(scene.second, 0, -1),
        scene.left.allow(scene.first, 0, 0),
        scene.left.attach(scene.cdev, scene.secondHwpt));
  }

  private static boolean someOrder(
      Scene scene, List<Step> left, List<Step> right, Answers answers) {
    var lefts = new ArrayList<Step>();
    var rights = new ArrayList<Step>();
    var leftAnswers = withoutHalfWay(left, answers.left(), lefts);
    var rightAnswers = withoutHalfWay(right, answers.right(), rights);
    var wanted = new Answers(leftAnswers, rightAnswers, answers.end());
    int steps = lefts.size() + rights.size();
    for (int order = 0; order < 1 << steps; order++) {
      if (Integer.bitCount(order) == lefts.size()
          && inOrder(scene, lefts, rights, order).equals(wanted)) {
        return true;
      }
    }
    return false;
  }

  private static List<Integer> withoutHalfWay(
      List<Step> all, List<Integer> answers, List<Step> kept) {
    var keptAnswers = new ArrayList<Integer>();
    for (int i = 0; i < all.size(); i++) {
      if (!metHalfWay(all.get(i), answers.get(i))) {
        kept.add(all.get(i));
        keptAnswers.add(answers.get(i));
      }
    }
    return keptAnswers;
  }

  private static boolean metHalfWay(Step step, int answer) {
    return answer == Errno.EBUSY.negated()
        || (step.kind == Kind.COPY && answer == Errno.ENOENT.negated());
  }

  /** Runs the steps one by one: a set bit is the left thread's turn. */
  private static Answers inOrder(Scene scene, List<Step> left, List<Step> right, int order) {
    scene.reset();
    var lefts = new ArrayList<Integer>();
    var rights = new ArrayList<Integer>();
    int steps = left.size() + right.size();
    for (int turn = 0; turn < steps; turn++) {
      if ((order >> turn & 1) != 0) {
        lefts.add(left.get(lefts.size()).run(scene, scene.left));
      } else {
        rights.add(right.get(rights.size()).run(scene, scene.left));
      }
    }
    return new Answers(lefts, rights, end(scene));
  }

  @Test
  void aProgramAloneIsItsOwnOrder() {
    var random = new Random(SEED);
    try (var scene = new Scene()) {
      for (int program = 0; program < 20; program++) {
        List<Step> steps = steps(random);
        var once = inOrder(scene, steps, List.of(), (1 << LENGTH) - 1);
        assertEquals(once, inOrder(scene, steps, List.of(), (1 << LENGTH) - 1));
      }
    }
  }
}
