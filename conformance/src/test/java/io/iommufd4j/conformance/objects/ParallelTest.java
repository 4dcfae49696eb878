// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.objects;

import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_VEVENTQ_TYPE_SELFTEST;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.kernel.Errno.EEXIST;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.iommufd.iommu_hwpt_page_response;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_pgfault;
import io.iommufd4j.conformance.Answers;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.selftest.driver.MockDevice;
import io.iommufd4j.conformance.selftest.driver.MockIommufd;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests;
import io.iommufd4j.kernel.Errno;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Requests from several threads: every answer is one that some order of them gives. */
@Conformance
final class ParallelTest {

  private static final int ROUNDS = 100;

  /** A thread's work, round by round. */
  @FunctionalInterface
  private interface Work {
    void round(int number);
  }

  private static void inParallel(Work... works) throws Exception {
    try (var threads = Executors.newFixedThreadPool(works.length)) {
      List<Future<?>> running = new ArrayList<>();
      for (Work work : works) {
        Callable<Void> all =
            () -> {
              for (int i = 0; i < ROUNDS; i++) {
                work.round(i);
              }
              return null;
            };
        running.add(threads.submit(all));
      }
      for (Future<?> each : running) {
        each.get();
      }
    }
  }

  private static int oneOf(Set<Errno> errnos, int answer) {
    assertTrue(
        answer >= 0 || Errno.find(answer).filter(errnos::contains).isPresent(),
        () -> Answers.text(answer));
    return answer;
  }

  @Test
  void guestsGainAndLoseDevices(KernelUnderTest test) throws Exception {
    var guest = new MockGuest(test);
    int viommu = guest.viommu(guest.parent());
    var latest = new AtomicInteger();
    inParallel(
        i -> {
          // A device comes and goes; a guest that has it loses it.
          var own = MockIommufd.on(test, guest.iommufd);
          MockDevice device = own.device(guest.ioas).ok();
          latest.set(device.id());
          ok(guest.iommufd.destroy(device.stdev()));
        },
        i -> {
          int vdevice = guest.objects.vdevice(viommu, latest.get(), 1);
          oneOf(Set.of(ENOENT, EEXIST), vdevice);
        },
        i -> {
          int vdevice = guest.objects.vdevice(viommu, guest.id(), 2);
          if (oneOf(Set.of(EEXIST), vdevice) >= 0) {
            oneOf(Set.of(ENOENT), guest.iommufd.destroy(vdevice));
          }
        });
    ok(guest.iommufd.destroy(viommu));
  }

  @Test
  void pageRequestsMeetReplaces(KernelUnderTest test) throws Exception {
    var guest = new MockGuest(test);
    ObjectRequests.Queue queue = guest.objects.faultQueue();
    var fd = new QueueFd(test, queue);
    int hwpt = guest.hwpt(queue);
    var asking = MockIommufd.on(test, guest.iommufd);
    inParallel(
        i -> guest.replace(i % 2 == 0 ? hwpt : guest.ioas),
        i -> ok(asking.triggerFault(guest.id(), 0, i, 1, 0x1000)),
        i -> {
          MemorySegment record = test.arena().allocate(iommu_hwpt_pgfault.layout());
          if (ok(fd.read(record)) > 0) {
            MemorySegment response = test.arena().allocate(iommu_hwpt_page_response.layout());
            iommu_hwpt_page_response.cookie(response, iommu_hwpt_pgfault.cookie(record));
            oneOf(Set.of(EINVAL), (int) fd.write(response));
          }
        });
    guest.replace(guest.ioas);
    fd.close();
    ok(guest.iommufd.destroy(hwpt));
    ok(guest.iommufd.destroy(queue.id()));
  }

  @Test
  void eventsMeetQueuesThatComeAndGo(KernelUnderTest test) throws Exception {
    var guest = new MockGuest(test);
    int viommu = guest.viommu(guest.parent());
    ok(guest.objects.vdevice(viommu, guest.id(), 9));
    guest.replace(guest.nested(viommu));
    inParallel(
        i -> oneOf(Set.of(ENOENT, EOPNOTSUPP), guest.mock.triggerEvent(guest.id())),
        i -> {
          ObjectRequests.Queue queue =
              guest.objects.eventQueue(viommu, IOMMU_VEVENTQ_TYPE_SELFTEST(), 4);
          var fd = new QueueFd(test, queue);
          ok(fd.read(test.arena().allocate(64, 8)));
          fd.close();
          ok(guest.iommufd.destroy(queue.id()));
        });
    guest.replace(guest.ioas);
  }
}
