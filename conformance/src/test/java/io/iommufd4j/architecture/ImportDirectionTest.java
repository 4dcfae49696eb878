// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;

/**
 * Imports run one way: bindings ← core ← fallback-sim ← exec ← cli, and junit beside cli; programs
 * look down on all but cli.
 */
@AnalyzeClasses(packages = "io.iommufd4j", importOptions = DoNotIncludeTests.class)
final class ImportDirectionTest {

  private static final String[] CORE = {
    "io.iommufd4j",
    "io.iommufd4j.data..",
    "io.iommufd4j.error..",
    "io.iommufd4j.event..",
    "io.iommufd4j.hint..",
    "io.iommufd4j.kernel..",
    "io.iommufd4j.linux..",
    "io.iommufd4j.pci..",
    "io.iommufd4j.process..",
    "io.iommufd4j.uapi..",
    "io.iommufd4j.vfio..",
    "io.iommufd4j.wire.."
  };

  /** Every package is a slice of its own, the topmost one too. */
  private static final SliceAssignment PACKAGES =
      new SliceAssignment() {
        @Override
        public SliceIdentifier getIdentifierOf(JavaClass javaClass) {
          return SliceIdentifier.of(javaClass.getPackageName());
        }

        @Override
        public String getDescription() {
          return "every package";
        }
      };

  @ArchTest
  static final ArchRule roomsImportDownwards =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("bindings")
          .definedBy("io.iommufd4j.bindings..")
          .layer("core")
          .definedBy(CORE)
          .layer("fallback-sim")
          .definedBy("io.iommufd4j.sim..")
          .layer("exec")
          .definedBy("io.iommufd4j.exec..")
          .layer("cli")
          .definedBy("io.iommufd4j.cli..")
          .layer("junit")
          .definedBy("io.iommufd4j.junit..")
          .layer("programs")
          .definedBy("io.iommufd4j.examples..")
          // They compare the typed API with requests by hand.
          .layer("benchmarks")
          .definedBy("io.iommufd4j.benchmarks..")
          .layer("differential")
          .definedBy("io.iommufd4j.differential..")
          .whereLayer("differential")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("programs")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("benchmarks")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("cli")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("junit")
          .mayOnlyBeAccessedByLayers("programs")
          .whereLayer("exec")
          .mayOnlyBeAccessedByLayers("cli", "programs")
          .whereLayer("fallback-sim")
          .mayOnlyBeAccessedByLayers(
              "exec", "cli", "junit", "programs", "benchmarks", "differential")
          .whereLayer("core")
          .mayOnlyBeAccessedByLayers(
              "fallback-sim", "exec", "cli", "junit", "programs", "benchmarks", "differential")
          .whereLayer("bindings")
          .mayOnlyBeAccessedByLayers("core", "fallback-sim", "benchmarks", "differential");

  @ArchTest
  static final ArchRule onlyTheNativeKernelLinks =
      noClasses()
          .that()
          .resideOutsideOfPackages("io.iommufd4j.linux..", "io.iommufd4j.bindings..")
          .should()
          .dependOnClassesThat()
          .areAssignableTo(Linker.class)
          .orShould()
          .dependOnClassesThat()
          .areAssignableTo(SymbolLookup.class)
          .because("the simulator and the typed API run where nothing can be linked");

  @ArchTest
  static final ArchRule onlyTheNativeKernelKnowsPosix =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.iommufd4j.linux..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("jnr..")
          .because("POSIX facts reach everybody else through the seam");

  @ArchTest
  static final ArchRule typedApiKnowsNoBackend =
      noClasses()
          .that()
          .resideInAnyPackage(CORE)
          .and()
          .resideOutsideOfPackage("io.iommufd4j.linux..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.iommufd4j.linux..", "io.iommufd4j.sim..");

  @ArchTest
  static final ArchRule deviceModelsUseWhatEverybodysDo =
      classes()
          .that()
          .resideInAPackage("io.iommufd4j.sim.device..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage("io.iommufd4j.sim.device..", "java..", "org.jspecify..")
          .because("a library's author has that interface and no other");

  @ArchTest
  static final ArchRule theirInterfaceKnowsNoModel =
      noClasses()
          .that()
          .resideInAPackage("io.iommufd4j.sim.device")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.iommufd4j.sim.device.model");

  @ArchTest
  static final ArchRule noCyclesBetweenPackages =
      slices()
          .assignedFrom(PACKAGES)
          .should()
          .beFreeOfCycles()
          .because("a reader who enters one room should not be led in a circle");
}
