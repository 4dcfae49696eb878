/**
 * Files and descriptors: the descriptor table, device nodes, memfd, eventfd, poll, and the view of
 * sysfs.
 */
@NullMarked
package io.iommufd4j.sim.fs;

import org.jspecify.annotations.NullMarked;
