/**
 * The kernel's own test cases for iommufd, said again in the words of these tests, so that a
 * simulated kernel meets them too. Which test stands for which case is in {@code selftest.tsv}.
 */
@NullMarked
package io.iommufd4j.conformance.selftest;

import org.jspecify.annotations.NullMarked;
