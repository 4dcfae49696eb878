// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.sim.driver.IommuPreset;
import io.iommufd4j.sim.fs.Memfd;
import io.iommufd4j.sim.iommu.IommuDevice;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Requests of random bytes, and of bytes that are nearly right, among attaches and detaches. Each
 * gets an answer; when all is closed no object, page or count is left ({@link Bench#close}).
 */
class FuzzTest {

  private static final int REQUESTS = 10_000;
  private static final int[] TYPE1 = {
    vfio_h.VFIO_GET_API_VERSION(),
    vfio_h.VFIO_CHECK_EXTENSION(),
    vfio_h.VFIO_SET_IOMMU(),
    vfio_h.VFIO_IOMMU_GET_INFO(),
    vfio_h.VFIO_IOMMU_MAP_DMA(),
    vfio_h.VFIO_IOMMU_UNMAP_DMA()
  };

  @ParameterizedTest
  @ValueSource(longs = {20_261_122L, 7L})
  void everyRequestIsAnswered(long seed) {
    long chosen = Long.getLong("sim.seed", seed);
    try (Bench bench = new Bench(1 << 20, chosen % 2 == 0)) {
      new Run(bench, new Random(chosen)).all();
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError("seed " + chosen, e);
    }
  }

  private static final class Run {
    private final Bench bench;
    private final Random random;
    private final MemorySegment block;
    private final long memory;
    private final List<IommufdDevice> devices = new ArrayList<>();

    Run(Bench bench, Random random) {
      this.bench = bench;
      this.random = random;
      this.memory = bench.pages(64);
      this.block = bench.arena.allocate(256, 8);
      var memfd = new Memfd(bench.memory, "fuzz", 0);
      memfd.truncate(1 << 20);
      bench.files.open(memfd, 2);
      for (IommuPreset preset : List.of(IommuPreset.SMMUV3, IommuPreset.VTD)) {
        for (IommuDevice hardware : bench.group(preset.driver(true), 2)) {
          devices.add(bench.bind(hardware));
        }
      }
    }

    void all() {
      for (int i = 0; i < REQUESTS; i++) {
        int answer =
            switch (random.nextInt(8)) {
              case 0 -> attachment();
              case 1, 2, 3 -> wellFormed();
              default -> request();
            };
        assertTrue(answer > -4096, () -> "not an errno: " + answer);
      }
    }

    private int attachment() {
      IommufdDevice device = devices.get(random.nextInt(devices.size()));
      int pasid = random.nextInt(3) == 0 ? 1 : 0;
      int target = 1 + random.nextInt(24);
      return switch (random.nextInt(4)) {
        case 0 -> Bench.answer(() -> device.attach(pasid, target));
        case 1 -> {
          device.detach(pasid);
          yield 0;
        }
        default -> Bench.answer(() -> device.replace(pasid, target));
      };
    }

    /** Sends a request as a program would, so that the garbage meets existing objects. */
    private int wellFormed() {
      int ioas = 5 + random.nextInt(6);
      int other = 5 + random.nextInt(6);
      long at = memory + random.nextInt(80) * 4096L;
      long length = 4096L * (1 + random.nextInt(12));
      long iova = 0x10_0000L + 4096L * random.nextInt(256);
      int flags = random.nextInt(8);
      IommufdDevice device = devices.get(random.nextInt(devices.size()));
      return switch (random.nextInt(10)) {
        case 0 -> random.nextInt(3) == 0 ? bench.ioas() : 0;
        case 1 -> bench.destroy(5 + random.nextInt(12));
        case 2, 3 -> bench.map(ioas, flags, at, length, iova);
        case 4 -> bench.unmap(ioas, iova, 4096L * random.nextInt(64));
        case 5, 6 -> bench.copy(ioas, iova, length, other, iova + length, flags);
        case 7 -> bench.hwpt(device, ioas, random.nextInt(16));
        case 8 -> bench.mapFile(ioas, 3, 4096L * random.nextInt(64), length, iova);
        default -> bench.option(1, random.nextInt(2), ioas, random.nextInt(2));
      };
    }

    private int request() {
      for (long at = 0; at < block.byteSize(); at += Long.BYTES) {
        block.set(ValueLayout.JAVA_LONG, at, random.nextInt(4) == 0 ? 0 : value());
      }
      int number = 0x80 + random.nextInt(0x17);
      int request = iommufd_h.IOMMUFD_TYPE() << 8 | number;
      if (random.nextInt(8) == 0) {
        request = TYPE1[random.nextInt(TYPE1.length)];
      } else if (random.nextInt(64) == 0) {
        request = random.nextInt();
      }
      int size = random.nextInt(16) == 0 ? random.nextInt() : random.nextInt(12) * 4 + 8;
      block.set(ValueLayout.JAVA_INT, 0, size);
      if (size > 0 && size < block.byteSize() && random.nextInt(8) > 0) {
        block.asSlice(Math.min(size, 48), block.byteSize() - Math.min(size, 48)).fill((byte) 0);
      }
      boolean lost = random.nextInt(64) == 0;
      return bench.call(request, lost ? random.nextLong() : block.address());
    }

    /** Two ids, small numbers, IOVAs, lengths and addresses far more often than chance has them. */
    private long value() {
      return switch (random.nextInt(8)) {
        case 0 -> random.nextLong();
        case 1 -> ((long) random.nextInt(24) << 32) | random.nextInt(8);
        case 2 -> random.nextInt(24);
        case 3 -> memory + random.nextInt(64) * 4096L;
        case 4 -> 4096L * (1 + random.nextInt(16));
        case 5 -> 0x10_0000L + 4096L * random.nextInt(256);
        case 6 -> (long) random.nextInt(24) << 32 | random.nextInt(24);
        default -> -1L >>> random.nextInt(64);
      };
    }
  }
}
