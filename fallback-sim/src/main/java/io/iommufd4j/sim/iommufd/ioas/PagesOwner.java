// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.KernelRelease;
import io.iommufd4j.sim.mm.Accounting;
import io.iommufd4j.sim.mm.UserMemory;

/**
 * The process that maps pages, as far as pages need it.
 *
 * @param memory its user memory
 * @param payer what its pinned pages are charged to
 * @param mode what they are counted against
 * @param faults which allocations fail
 * @param release which release maps them
 */
public record PagesOwner(
    UserMemory memory,
    Accounting payer,
    Accounting.Mode mode,
    FaultPlan faults,
    KernelRelease release) {}
