/**
 * Causes of refusals by an iommufd: each hint knows what was asked for, and asks the kernel what
 * stands against it. For this project's own packages.
 */
@NullMarked
package io.iommufd4j.hint;

import org.jspecify.annotations.NullMarked;
