// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.pci;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Mutex;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The drivers of PCI functions, and the actions of {@code driver_override}, {@code bind}, {@code
 * unbind} and {@code drivers_probe}.
 *
 * <p>Kernel functions: {@code bind_store}, {@code unbind_store}, {@code drivers_probe_store},
 * {@code __driver_probe_device}, {@code pci_match_device}.
 */
public final class DriverCore {

  /** A function's place in the driver model ({@code struct device}). */
  private static final class Place {
    final PciFunction function;
    final Mutex lock = new Mutex();
    volatile @Nullable String override;
    volatile @Nullable PciDriver driver;

    /** Set while the driver is about to let go: sysfs shows none any more. */
    volatile boolean leaving;

    Place(PciFunction function) {
      this.function = function;
    }
  }

  private final Map<String, PciDriver> drivers = new LinkedHashMap<>();
  // By the name of the driver.
  private final Map<String, DynamicIds> dynamicIds = new HashMap<>();
  // In the order the functions came. Guarded by itself.
  private final Map<String, Place> places = new LinkedHashMap<>();
  private volatile Consumer<PciFunction> changed = function -> {};
  private volatile Predicate<PciFunction> autoprobes = function -> true;

  /** The functions and drivers of a machine; no function has a driver yet. */
  public DriverCore(Collection<PciFunction> functions, List<PciDriver> drivers) {
    functions.forEach(function -> places.put(function.address(), new Place(function)));
    for (PciDriver driver : drivers) {
      this.drivers.put(driver.name(), driver);
      dynamicIds.put(driver.name(), new DynamicIds());
    }
  }

  /** Sets the listener for functions whose driver or override has changed. */
  public void onChange(Consumer<PciFunction> listener) {
    changed = listener;
  }

  /** Sets which functions are probed though they are meant for no driver in particular. */
  public void autoprobe(Predicate<PciFunction> wanted) {
    autoprobes = wanted;
  }

  /** The drivers of the bus, in the order they came. */
  public Collection<PciDriver> drivers() {
    return drivers.values();
  }

  private List<Place> places() {
    synchronized (places) {
      return List.copyOf(places.values());
    }
  }

  /**
   * A function that came after boot, and the driver that it is meant for, if any; {@link #probe}
   * offers it.
   */
  public void add(PciFunction function, @Nullable String override) {
    var place = new Place(function);
    place.override = override;
    synchronized (places) {
      places.put(function.address(), place);
    }
  }

  /**
   * A function goes: its driver lets go of it first, which waits for who has it open.
   *
   * @throws Refused EINTR when the thread is interrupted; the function stays then
   */
  public void remove(PciFunction function) {
    Place place = place(function.address());
    try (var _ = place.lock.guard()) {
      PciDriver driver = place.driver;
      if (driver != null) {
        release(driver, place);
      }
    }
  }

  /** {@code __device_release_driver}. */
  private void release(PciDriver driver, Place place) {
    place.leaving = true;
    changed.accept(place.function);
    try {
      driver.remove(place.function);
      place.driver = null;
    } finally {
      place.leaving = false;
      changed.accept(place.function);
    }
  }

  /** A function that has no driver any more is gone. */
  public void forget(PciFunction function) {
    synchronized (places) {
      places.remove(function.address());
    }
  }

  /**
   * {@code sriov_numvfs_store}: as many virtual functions as are wanted, when the driver of the
   * physical one makes them.
   *
   * @throws Refused EINVAL for what is no number, ERANGE for more than there can be, ENOENT without
   *     a driver or when it makes none, EBUSY when there are some and others are wanted, EINTR when
   *     the thread is interrupted
   */
  public void count(VirtualFunctions functions, String text) {
    int wanted = functions.wanted(text);
    Place place = place(functions.physical().address());
    try (var _ = place.lock.guard()) {
      if (wanted == functions.count()) {
        return;
      }
      PciDriver driver = place.driver;
      if (driver == null) {
        throw Refused.with(Errno.ENOENT);
      }
      if (wanted != 0 && functions.count() != 0 && driver.makesVirtualFunctions()) {
        throw Refused.with(Errno.EBUSY);
      }
      driver.count(functions, wanted);
    }
  }

  /** The driver that has a function, also while it is about to let go of it. */
  public Optional<PciDriver> driver(PciFunction function) {
    return Optional.ofNullable(place(function.address()).driver);
  }

  /** The driver that sysfs shows. */
  public Optional<PciDriver> shownDriver(PciFunction function) {
    Place place = place(function.address());
    return place.leaving ? Optional.empty() : Optional.ofNullable(place.driver);
  }

  /** The only driver that a function may be bound to, when one was set. */
  public Optional<String> override(PciFunction function) {
    return Optional.ofNullable(place(function.address()).override);
  }

  /**
   * Every function is offered to every driver, as a kernel does when it boots.
   *
   * @param chosen by address, the one driver that has a function when the machine has booted, or
   *     the name of none
   * @param overrides {@code driver_override} by address
   */
  public void boot(Map<String, String> chosen, Map<String, String> overrides) {
    for (Place place : places()) {
      String address = place.function.address();
      place.override = overrides.get(address);
      String name = chosen.get(address);
      if (name == null) {
        offer(place);
      } else {
        PciDriver driver = drivers.get(name);
        if (driver != null) {
          takes(driver, place);
        }
      }
    }
  }

  /**
   * {@code driver_override}: empty clears it.
   *
   * @throws Refused EINVAL for a text that fills a page
   */
  public void setOverride(PciFunction function, String text) {
    if (text.length() >= UserMemory.PAGE_SIZE - 1) {
      throw Refused.with(Errno.EINVAL);
    }
    place(function.address()).override = text.isEmpty() ? null : text;
    changed.accept(function);
  }

  /**
   * {@code drivers_probe}: offers a function that has no driver to every one, and does not report
   * if one takes it. It does not wait for a driver that is about to let go.
   *
   * @throws Refused ENODEV when there is no such function
   */
  public void probe(String address) {
    Place place = place(address);
    if (place.driver == null) {
      offer(place);
    }
  }

  private void offer(Place place) {
    drivers.values().forEach(driver -> attach(driver, place));
  }

  private boolean takes(PciDriver driver, Place place) {
    try {
      probe(driver, place);
      return true;
    } catch (Refused refused) {
      // The driver core tries the next one.
      return false;
    }
  }

  /**
   * {@code pci_device_probe}: a virtual function is only probed when that is wanted of its kind, or
   * it is meant for one driver.
   */
  private void probe(PciDriver driver, Place place) {
    if (place.override == null && !autoprobes.test(place.function)) {
      throw Refused.with(Errno.ENODEV);
    }
    place.function.assignInterrupt();
    driver.probe(place.function);
    place.driver = driver;
  }

  /**
   * {@code bind}.
   *
   * @throws Refused ENODEV when there is no such function or it does not match, EBUSY when it has a
   *     driver, and what the driver's probe answers
   */
  public void bind(PciDriver driver, String address) {
    Place place = place(address);
    if (!matches(driver, place)) {
      throw Refused.with(Errno.ENODEV);
    }
    try (var _ = place.lock.guard()) {
      if (place.driver != null) {
        throw Refused.with(Errno.EBUSY);
      }
      probe(driver, place);
    }
    changed.accept(place.function);
  }

  /**
   * {@code unbind}.
   *
   * @throws Refused ENODEV when the driver does not have such a function
   */
  public void unbind(PciDriver driver, String address) {
    Place place = place(address);
    requireHas(driver, place);
    try (var _ = place.lock.guard()) {
      requireHas(driver, place);
      release(driver, place);
    }
  }

  private static void requireHas(PciDriver driver, Place place) {
    if (place.driver != driver) {
      throw Refused.with(Errno.ENODEV);
    }
  }

  /**
   * {@code new_id}: the driver wants such functions too, and takes those that have none.
   *
   * @throws Refused as {@link DynamicIds#add}
   */
  public void addId(PciDriver driver, String text) {
    ids(driver).add(text);
    for (Place place : places()) {
      attach(driver, place);
    }
  }

  /** {@code driver_attach}. */
  private void attach(PciDriver driver, Place place) {
    if (!matches(driver, place)) {
      return;
    }
    try (var _ = place.lock.guard()) {
      if (place.driver == null && takes(driver, place)) {
        changed.accept(place.function);
      }
    }
  }

  /**
   * {@code remove_id}: the driver keeps what it has.
   *
   * @throws Refused as {@link DynamicIds#remove}
   */
  public void removeId(PciDriver driver, String text) {
    ids(driver).remove(text);
  }

  private DynamicIds ids(PciDriver driver) {
    return Objects.requireNonNull(dynamicIds.get(driver.name()));
  }

  private boolean matches(PciDriver driver, Place place) {
    String override = place.override;
    return override != null
        ? override.equals(driver.name())
        : ids(driver).match(place.function) || driver.matches(place.function);
  }

  private Place place(String address) {
    Place place;
    synchronized (places) {
      place = places.get(address);
    }
    if (place == null) {
      throw Refused.with(Errno.ENODEV);
    }
    return place;
  }
}
