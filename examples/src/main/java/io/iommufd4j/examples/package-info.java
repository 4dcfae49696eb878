// SPDX-License-Identifier: Apache-2.0
/** Programs to start from, one for each thing that a program does with this library. */
@NullMarked
package io.iommufd4j.examples;

import org.jspecify.annotations.NullMarked;
