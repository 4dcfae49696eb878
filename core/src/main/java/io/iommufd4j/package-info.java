/**
 * What a program uses: iommufd and VFIO objects with types, ordered close and errnos that explain
 * themselves. Lies above the seam and knows no backend.
 */
@NullMarked
package io.iommufd4j;

import org.jspecify.annotations.NullMarked;
