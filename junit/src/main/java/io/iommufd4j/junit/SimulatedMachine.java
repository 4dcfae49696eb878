// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.junit;

import io.iommufd4j.sim.Machine;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Runs a test, or each test of a class, on a simulated kernel of its own. Tests may run in
 * parallel.
 *
 * <p>A test method and its {@code @BeforeEach} and {@code @AfterEach} methods can have these
 * parameters, of the same kernel:
 *
 * <ul>
 *   <li>{@link io.iommufd4j.kernel.Kernel}: the kernel, to open devices and an iommufd on
 *   <li>{@link Machine}: the machine that it runs on
 *   <li>{@link io.iommufd4j.sim.SimControl}: hardware, other processes, failing allocations
 *   <li>{@link io.iommufd4j.sim.RequestFaults}: requests that fail
 *   <li>{@link io.iommufd4j.pci.PciAddress}: an edu device; the n-th parameter of this type is the
 *       machine's n-th
 *   <li>{@link io.iommufd4j.Iommufd}: opened
 *   <li>{@link io.iommufd4j.vfio.VfioDevice}: an edu device, taken to vfio-pci and opened; the n-th
 *       parameter of this type is the machine's n-th
 * </ul>
 *
 * <p>What the extension opened, it closes. A test that leaves a descriptor, a context, an object or
 * a pinned page behind fails, and one that fails prints the requests that it made.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
@ExtendWith(SimulatedMachineExtension.class)
public @interface SimulatedMachine {

  /**
   * {@return the machine, as {@link Machine#named} takes it: {@code two-function:vtd}} A method's
   * goes before its class's.
   */
  String value() default Machine.DEFAULT;
}
