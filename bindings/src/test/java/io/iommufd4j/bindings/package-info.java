// SPDX-License-Identifier: Apache-2.0
/**
 * Holds jextract's output to the ABI manifest, which a C compiler wrote: no compiler is needed to
 * see that a binding is off.
 */
package io.iommufd4j.bindings;
