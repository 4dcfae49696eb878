// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Requests that fail, each by its number among those of its kind. They answer an errno without
 * reaching the kernel. All methods may be called from any thread.
 */
public final class RequestFaults {

  /** {@code the 2nd IOMMU_IOAS_MAP answers ENOMEM}. */
  private static final Pattern SENTENCE =
      Pattern.compile("(?:the )?(\\d+)(?:st|nd|rd|th)? (\\w+) answers (\\w+)");

  private static final String EXAMPLE = "the 2nd IOMMU_IOAS_MAP answers ENOMEM";

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

  /** None as yet. */
  public RequestFaults() {}

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

  /**
   * Requests fail as a text says.
   *
   * @param text as {@code the 2nd IOMMU_IOAS_MAP answers ENOMEM}; several with commas between
   * @throws IllegalArgumentException when it says something else, with one line that says what;
   *     nothing is planned then
   */
  public synchronized void fail(String text) {
    List<Planned> all = Stream.of(text.split(",", -1)).map(RequestFaults::planned).toList();
    planned.addAll(all);
  }

  private static Planned planned(String text) {
    String sentence = text.strip().replaceAll("\\s+", " ");
    Matcher words = SENTENCE.matcher(sentence);
    if (!words.matches()) {
      throw new IllegalArgumentException(
          "'" + sentence + "' is no fault: one reads '" + EXAMPLE + "', and commas part several");
    }
    int nth = number(words.group(1));
    if (nth < 1) {
      throw new IllegalArgumentException(
          "'" + sentence + "': requests are counted from 1 to " + Integer.MAX_VALUE);
    }
    Request request = named(Request.values(), words.group(2));
    if (request == null) {
      throw new IllegalArgumentException(
          "'" + sentence + "': no request is called '" + words.group(2) + "'");
    }
    Errno errno = named(Errno.values(), words.group(3));
    if (errno == null) {
      throw new IllegalArgumentException(
          "'" + sentence + "': no errno is called '" + words.group(3) + "'");
    }
    return new Planned(request, nth, errno, nth);
  }

  private static int number(String digits) {
    try {
      return Integer.parseInt(digits);
    } catch (NumberFormatException tooLarge) {
      return 0;
    }
  }

  private static <E extends Enum<E>> @Nullable E named(E[] values, String name) {
    for (E value : values) {
      if (value.name().equals(name)) {
        return value;
      }
    }
    return null;
  }

  /** Forgets what is still to fail. */
  public synchronized void clear() {
    planned.clear();
  }

  /** {@return true if nothing is to fail any more} */
  public synchronized boolean over() {
    return planned.isEmpty();
  }

  /**
   * Counts a request that is about to be made.
   *
   * @param request its kind
   * @return its answer if it is to fail
   */
  public synchronized Optional<Errno> count(Request request) {
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

  /** {@return what no request met so far, a sentence each} */
  public synchronized List<String> unmet() {
    return planned.stream().map(Planned::toString).toList();
  }
}
