// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.benchmarks;

import io.iommufd4j.kernel.Kernel;

/** The requests that are timed one by one, on whichever kernel has the mock driver. */
enum MockCall {
  /** {@code IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE}, to and fro between two HWPTs. */
  REPLACE("replace of a mock device", "replace") {
    @Override
    Warm on(Kernel kernel) {
      var context = new MockContext(kernel);
      int first = context.ioas();
      int second = context.ioas();
      context.map(first, MockContext.FIRST);
      context.map(second, MockContext.FIRST);
      var device = context.device(first);
      int[] hwpts = {context.hwpt(device, first), context.hwpt(device, second)};
      return new Warm(context, i -> context.replace(device, hwpts[(int) (i & 1)]));
    }
  },
  /** {@code IOMMU_IOAS_MAP} and {@code IOMMU_IOAS_UNMAP} of one page. */
  MAP_UNMAP("map + unmap of 4 KiB, 3 domains", "map-unmap") {
    @Override
    Warm on(Kernel kernel) {
      var context = new MockContext(kernel);
      int ioas = context.ioas();
      var device = context.device(ioas);
      context.hwpt(device, ioas);
      context.hwpt(device, ioas);
      return new Warm(
          context,
          _ -> {
            context.map(ioas, MockContext.FIRST);
            context.unmap(ioas, MockContext.FIRST, MockContext.PAGE);
          });
    }
  },
  /** {@code IOMMU_OPTION} get. */
  OPTION("option get", "option") {
    @Override
    Warm on(Kernel kernel) {
      var context = new MockContext(kernel);
      return new Warm(context, _ -> context.option());
    }
  },
  /** The same in a block at an address that the simulated kernel knows nothing of. */
  BARE_OPTION("option get by bare address", "option") {
    @Override
    Warm on(Kernel kernel) {
      var context = new MockContext(kernel);
      return new Warm(context, _ -> context.bareOption());
    }
  };

  /** For people. */
  final String shown;

  /** The C program's name of it. */
  final String twin;

  MockCall(String shown, String twin) {
    this.shown = shown;
    this.twin = twin;
  }

  /** The call on a context of its own. */
  abstract Warm on(Kernel kernel);

  /** One call of the i-th. */
  @FunctionalInterface
  interface Body {
    void call(long i);
  }

  /** A call on one kernel, until it is closed. */
  record Warm(MockContext context, Body body) implements AutoCloseable {

    /** {@return the nanoseconds of so many calls} */
    long time(long calls) {
      long begin = System.nanoTime();
      for (long i = 0; i < calls; i++) {
        body.call(i);
      }
      return System.nanoTime() - begin;
    }

    @Override
    public void close() {
      context.close();
    }
  }
}
