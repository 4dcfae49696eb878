// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.lang.foreign.MemorySegment;

/**
 * The rules of the simulator's architecture: things it never does, and dependencies between its
 * packages.
 */
@AnalyzeClasses(packages = "io.iommufd4j.sim", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule nothingLinks =
      noClasses()
          .should()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.lang.foreign.Linker")
          .orShould()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.lang.foreign.SymbolLookup")
          .orShould()
          .dependOnClassesThat()
          .resideInAnyPackage("jnr..")
          .because("outside Linux the simulator runs without a single native call");

  @ArchTest
  static final ArchRule onlyTheHostsMemoryTakesLinux =
      noClasses()
          .that()
          .doNotHaveFullyQualifiedName("io.iommufd4j.sim.mm.HostMemory")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.iommufd4j.linux..")
          .because("it is there on a Linux alone, and does without where none may be called");

  @ArchTest
  static final ArchRule noMemoryIsMadeUp =
      noClasses()
          .should()
          .callMethodWhere(
              DescribedPredicate.describe(
                  "MemorySegment.reinterpret",
                  call ->
                      call.getTarget().getOwner().isEquivalentTo(MemorySegment.class)
                          && call.getName().equals("reinterpret")))
          .because("a bad address is EFAULT and never a crash");

  /**
   * lib ← mm ← fs, lib ← mm ← iommu ← driver, iommu ← pci ← device; iommufd knows fs and iommu;
   * vfio knows iommufd and pci, selftest iommufd; machine is made of devices, sysfs shows it.
   */
  @ArchTest
  static final ArchRule layers =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("lib")
          .definedBy("io.iommufd4j.sim.lib")
          .layer("mm")
          .definedBy("io.iommufd4j.sim.mm")
          .layer("fs")
          .definedBy("io.iommufd4j.sim.fs")
          .layer("iommu")
          .definedBy("io.iommufd4j.sim.iommu..")
          .layer("driver")
          .definedBy("io.iommufd4j.sim.driver")
          .layer("pci")
          .definedBy("io.iommufd4j.sim.pci")
          .layer("device")
          .definedBy("io.iommufd4j.sim.function")
          .layer("iommufd")
          .definedBy("io.iommufd4j.sim.iommufd..")
          .layer("vfio")
          .definedBy("io.iommufd4j.sim.vfio..")
          .layer("selftest")
          .definedBy("io.iommufd4j.sim.selftest")
          .layer("machine")
          .definedBy("io.iommufd4j.sim.machine")
          .layer("sysfs")
          .definedBy("io.iommufd4j.sim.sysfs")
          .layer("kernel")
          .definedBy("io.iommufd4j.sim")
          .whereLayer("lib")
          .mayNotAccessAnyLayer()
          .whereLayer("mm")
          .mayOnlyAccessLayers("lib")
          .whereLayer("fs")
          .mayOnlyAccessLayers("lib", "mm")
          .whereLayer("iommu")
          .mayOnlyAccessLayers("lib", "mm")
          .whereLayer("driver")
          .mayOnlyAccessLayers("lib", "mm", "iommu")
          .whereLayer("pci")
          .mayOnlyAccessLayers("lib", "mm", "iommu")
          .whereLayer("device")
          .mayOnlyAccessLayers("lib", "mm", "iommu", "pci")
          .whereLayer("iommufd")
          .mayOnlyAccessLayers("lib", "mm", "fs", "iommu")
          .whereLayer("vfio")
          .mayOnlyAccessLayers("lib", "mm", "fs", "iommu", "iommufd", "pci")
          .whereLayer("selftest")
          .mayOnlyAccessLayers("lib", "mm", "fs", "iommu", "iommufd")
          .whereLayer("machine")
          .mayOnlyAccessLayers("lib", "mm", "iommu", "driver", "iommufd", "pci", "device")
          .whereLayer("sysfs")
          .mayOnlyAccessLayers("lib", "mm", "fs", "iommu", "driver", "pci", "vfio", "machine")
          .whereLayer("kernel")
          .mayNotBeAccessedByAnyLayer();
}
