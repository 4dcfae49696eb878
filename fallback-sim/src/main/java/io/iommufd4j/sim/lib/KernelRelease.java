// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.lib;

import io.iommufd4j.kernel.LinuxRelease;
import io.iommufd4j.kernel.Request;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;

/** The releases of Linux that are simulated: each is the newest one without some behaviors. */
@SuppressWarnings("ImmutableEnumChecker") // Nobody else has the sets, and none is changed.
public enum KernelRelease {
  /** The kernel of Debian 13. */
  LINUX_6_12("6.12.117", 6, 12, EnumSet.allOf(Behavior.class)),
  /** The newest, which has everything. */
  LINUX_7_3("7.3.4", 7, 3, EnumSet.noneOf(Behavior.class));

  /** The one that a machine has unless it says otherwise. */
  public static final KernelRelease NEWEST = LINUX_7_3;

  private final String text;
  private final LinuxRelease number;

  // Asked by every request: of these sets a bit tells.
  private final EnumSet<Behavior> lacks;
  private final EnumSet<Request> serves = EnumSet.noneOf(Request.class);

  KernelRelease(String text, int major, int minor, EnumSet<Behavior> lacks) {
    this.text = text;
    this.number = new LinuxRelease(major, minor);
    this.lacks = lacks;
    for (Request request : Request.values()) {
      if (request.since().map(since -> !since.after(number)).orElse(true)) {
        serves.add(request);
      }
    }
  }

  /**
   * The release of a name: its first two numbers, as {@code 6.12}, or all, as {@code 6.12.117}.
   *
   * @throws IllegalArgumentException for another; the message lists the known ones
   */
  public static KernelRelease named(String name) {
    return Arrays.stream(values())
        .filter(release -> name.equals(release.text) || name.equals(release.number.toString()))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "no release '" + name + "': there are " + String.join(", ", names())));
  }

  /** The names of all, as {@code 6.12}. */
  public static List<String> names() {
    return Arrays.stream(values()).map(release -> release.number.toString()).toList();
  }

  /** As {@code uname -r} prints it. */
  public String text() {
    return text;
  }

  /** True if it answers in a way that not all releases do. */
  public boolean has(Behavior behavior) {
    return !lacks.contains(behavior);
  }

  /** True if it knows an iommufd command at all; else that answers ENOTTY. */
  public boolean serves(Request request) {
    return serves.contains(request);
  }
}
