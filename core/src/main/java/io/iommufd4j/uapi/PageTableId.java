// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.uapi;

/** The id of an object that a device can be attached to: the {@code pt_id} of the UAPI. */
public sealed interface PageTableId extends HwptParentId permits IoasId, HwptId {}
