// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.view;

/**
 * The thread of a program that makes a system call, by the host's numbers.
 *
 * @param pid its process
 * @param tid the thread
 */
public record Caller(int pid, int tid) {}
