// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.junit;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Requests of a test that fail, each by its number among those of its kind. They answer an errno
 * without reaching the kernel. All methods may be called from any thread.
 */
public final class RequestFaults {

  /** A request that is still to fail, after so many more of its kind. */
  private record Planned(Request request, int nth, Errno errno, int left) {

    Planned next() {
      return new Planned(request, nth, errno, left - 1);
    }

    @Override
    public String toString() {
      return request
          + " number "
          + nth
          + " was to answer "
          + errno
          + ", but only "
          + (nth - left)
          + " were made";
    }
  }

  private final List<Planned> planned = new ArrayList<>();

  RequestFaults() {}

  /**
   * The n-th request of a kind from now on fails.
   *
   * @param request the kind
   * @param nth from 1
   * @param errno the answer
   * @throws IllegalArgumentException when nth is less than 1
   */
  public synchronized void fail(Request request, int nth, Errno errno) {
    if (nth < 1) {
      throw new IllegalArgumentException("requests are counted from 1, not " + nth);
    }
    planned.add(new Planned(request, nth, errno, nth));
  }

  /** Forgets what is still to fail. */
  public synchronized void clear() {
    planned.clear();
  }

  /** {@return true if nothing is to fail any more} */
  public synchronized boolean over() {
    return planned.isEmpty();
  }

  /** Counts a request; its errno if it is to fail. */
  synchronized Optional<Errno> count(Request request) {
    Optional<Errno> answer = Optional.empty();
    for (int at = planned.size() - 1; at >= 0; at--) {
      Planned fault = planned.get(at);
      if (fault.request != request) {
        continue;
      }
      if (fault.left == 1) {
        planned.remove(at);
        answer = Optional.of(fault.errno);
      } else {
        planned.set(at, fault.next());
      }
    }
    return answer;
  }

  /** The planned faults that no request met. */
  synchronized List<String> unmet() {
    return planned.stream().map(Planned::toString).toList();
  }
}
