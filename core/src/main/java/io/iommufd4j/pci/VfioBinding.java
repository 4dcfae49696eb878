// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import io.iommufd4j.error.HostException;
import io.iommufd4j.error.OrderedClose;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.SysfsWrite;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Devices handed to vfio-pci for a while: {@link #close} gives each back its former {@code
 * driver_override} and its former driver, or none where it had none. When one device of several
 * fails, those before it are restored at once.
 *
 * <p>A device that was vfio-pci's already is left as it is. What another process changed in the
 * meantime is left alone.
 *
 * <p>Close device descriptors and mapped regions first: the kernel's unbind waits for them, so a
 * device that is still held makes the restore fail with EBUSY, a name for the holder and a list of
 * what remains to be done by hand ({@link #undo}).
 *
 * <p>On a host's own kernel the writes to sysfs are made by a shell beside this process. It gives
 * the devices back when this process is killed, unless the shell is killed as well. A program that
 * may be ended by a signal makes one with {@link #prepare}, registers {@link #restore} with its
 * shutdown hook, then calls {@link #bind()}. All methods may be called from any thread.
 */
public final class VfioBinding implements AutoCloseable {

  private enum State {
    PREPARED,
    BOUND,
    OVER
  }

  private final List<DeviceBinding> devices;
  private State state = State.PREPARED;

  /** Devices that may have been touched, in the order they were. */
  private final ArrayList<DeviceBinding> touched = new ArrayList<>();

  private VfioBinding(List<DeviceBinding> devices) {
    this.devices = devices;
  }

  /**
   * Looks at the devices and remembers what they were. Nothing is changed. A device that a VFIO
   * driver has already, vfio-pci or one for its kind alone, is used as it is.
   *
   * @param kernel the kernel that has the devices
   * @param addresses in the order they are bound
   * @return a binding that has changed nothing yet
   * @throws HostException ENODEV for a device that is not there, ENOENT when vfio-pci is not
   *     loaded, EINVAL for one that VFIO cannot have, EBUSY for a physical function of which a
   *     virtual one is in use
   */
  public static VfioBinding prepare(Kernel kernel, Collection<PciAddress> addresses) {
    return prepare(kernel, addresses, Patience.DEFAULT);
  }

  /**
   * As {@link #prepare(Kernel, Collection)}, with the time that each write gets.
   *
   * @param kernel the kernel that has the devices
   * @param addresses in the order they are bound
   * @param patience the time of each write
   * @return a binding that has changed nothing yet
   */
  public static VfioBinding prepare(
      Kernel kernel, Collection<PciAddress> addresses, Patience patience) {
    return prepare(kernel, Host.of(kernel), addresses, patience);
  }

  static VfioBinding prepare(
      Kernel kernel, Host host, Collection<PciAddress> addresses, Patience patience) {
    var devices = new ArrayList<DeviceBinding>();
    for (var address : addresses) {
      var device = new DeviceBinding(kernel, host, host.device(address), patience);
      if (!device.already()) {
        device.check();
      }
      devices.add(device);
    }
    return new VfioBinding(List.copyOf(devices));
  }

  /**
   * Prepares and binds.
   *
   * @param kernel the kernel that has the devices
   * @param addresses in the order they are bound
   * @return the binding, which {@link #close} undoes
   * @throws HostException as {@link #prepare} and {@link #bind()}
   */
  public static VfioBinding bind(Kernel kernel, Collection<PciAddress> addresses) {
    var binding = prepare(kernel, addresses);
    binding.bind();
    return binding;
  }

  /**
   * Gives a device back to the host: takes it from its VFIO driver, clears a {@code
   * driver_override} that names that driver, and lets the host's drivers probe it.
   *
   * @param kernel the kernel that has the device
   * @param address of a function that a VFIO driver has
   * @return the driver that took it; empty when none did
   * @throws HostException EINVAL when no VFIO driver has the device; EBUSY when somebody holds it,
   *     or one of its virtual functions, or the driver takes it back at once; ETIMEDOUT when the
   *     kernel waits for a holder that nothing shows: the device is vfio-pci's again once it is
   *     through
   */
  public static Optional<String> release(Kernel kernel, PciAddress address) {
    return release(kernel, address, Patience.DEFAULT);
  }

  /**
   * As {@link #release(Kernel, PciAddress)}, with the time that each write gets.
   *
   * @param kernel the kernel that has the device
   * @param address of a function that a VFIO driver has
   * @param patience the time of each write
   * @return the driver that took it; empty when none did
   */
  public static Optional<String> release(Kernel kernel, PciAddress address, Patience patience) {
    var host = Host.of(kernel);
    var device = host.device(address);
    if (!device.heldByVfio()) {
      throw new HostException(
          "unbind " + address + " from vfio-pci",
          Errno.EINVAL,
          "bound to " + device.driver().orElse("no driver"));
    }
    return new DeviceBinding(kernel, host, device, patience).release();
  }

  /** {@return the devices as they were found} */
  public List<PciDevice> before() {
    return devices.stream().map(DeviceBinding::before).toList();
  }

  /** {@return the virtual functions that go while this is bound and are made again afterwards} */
  public List<PciDevice> virtualFunctions() {
    return devices.stream()
        .filter(device -> !device.already())
        .flatMap(device -> device.functions().stream())
        .toList();
  }

  /**
   * {@return the writes that restore everything by hand, in order; each prints as a shell command}
   */
  public List<SysfsWrite> undo() {
    return devices.reversed().stream().flatMap(device -> device.undo().stream()).toList();
  }

  /**
   * Takes the devices to vfio-pci: sets {@code driver_override}, unbinds the former driver, probes.
   *
   * @throws HostException with the errno that the kernel answered; what was changed has then been
   *     restored, and a failure to restore is suppressed in it
   * @throws IllegalStateException when already bound or restored
   */
  public synchronized void bind() {
    if (state != State.PREPARED) {
      throw new IllegalStateException("a binding is bound once; it is " + state);
    }
    state = State.BOUND;
    try {
      for (var device : devices) {
        if (!device.already()) {
          touched.add(device);
          device.bind();
        }
      }
    } catch (RuntimeException failed) {
      restore().forEach(failed::addSuppressed);
      throw failed;
    }
  }

  /** Leaves the devices with vfio-pci: nothing is restored any more, by nobody. */
  public synchronized void keep() {
    state = State.OVER;
    touched.forEach(DeviceBinding::keep);
    touched.clear();
  }

  /**
   * Restores, last bound first, and returns what failed instead of throwing; made for a shutdown
   * hook. What was restored once is not touched again, what failed is tried again.
   *
   * @return every failure; empty when the devices are as they were found
   */
  public synchronized List<HostException> restore() {
    state = State.OVER;
    var failures = new ArrayList<HostException>();
    for (var device : List.copyOf(touched).reversed()) {
      var failed = device.restore();
      if (failed.isEmpty()) {
        touched.remove(device);
      }
      failures.addAll(failed);
    }
    return failures;
  }

  /**
   * Restores.
   *
   * @throws HostException the first failure, with the others suppressed; everything else was
   *     restored all the same
   */
  @Override
  public void close() {
    var close = new OrderedClose();
    restore().forEach(close::failed);
    close.report();
  }
}
