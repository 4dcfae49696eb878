// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.safety;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The host's PCI devices with what the tool may change of them. Virtual functions are counted by
 * their links: {@code sriov_numvfs} cannot be read while a driver is being taken off.
 */
record HostState(Map<String, Function> functions) {

  private static final Path DEVICES = Path.of("/sys/bus/pci/devices");
  private static final Duration GLANCE = Duration.ofMillis(200);

  /** One function: its driver and override, empty when it has none, and its virtual functions. */
  record Function(String driver, String override, long virtualFunctions) {

    private static Function of(Path directory) {
      return new Function(
          Sysfs.linkName(directory.resolve("driver")),
          Sysfs.override(directory),
          Sysfs.names(directory).filter(name -> name.startsWith("virtfn")).count());
    }
  }

  static HostState now() {
    var functions = new TreeMap<String, Function>();
    try (Stream<Path> directories = Files.list(DEVICES)) {
      directories.forEach(
          directory -> functions.put(directory.getFileName().toString(), Function.of(directory)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new HostState(functions);
  }

  /** The differences of a later state, one clause each; empty when there are none. */
  List<String> changes(HostState later) {
    var addresses = new TreeSet<>(functions.keySet());
    addresses.addAll(later.functions.keySet());
    var changes = new ArrayList<String>();
    for (String address : addresses) {
      Function was = functions.get(address);
      Function is = later.functions.get(address);
      if (is == null) {
        changes.add(address + " gone");
      } else if (was == null) {
        changes.add(address + " new");
      } else {
        change(address + " driver", was.driver, is.driver, changes);
        change(address + " override", was.override, is.override, changes);
        change(
            address + " virtual functions",
            Long.toString(was.virtualFunctions),
            Long.toString(is.virtualFunctions),
            changes);
      }
    }
    return changes;
  }

  private static void change(String what, String was, String is, List<String> changes) {
    if (!was.equals(is)) {
      changes.add(what + " " + named(was) + " → " + named(is));
    }
  }

  private static String named(String text) {
    return text.isEmpty() ? "none" : text;
  }

  /** Waits until nothing differs any more; the differences that are left after that time. */
  List<String> awaitAsFound(Duration limit) throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    List<String> changes = changes(now());
    while (!changes.isEmpty() && System.nanoTime() < end) {
      Thread.sleep(GLANCE);
      changes = changes(now());
    }
    return changes;
  }
}
