package io.iommufd4j.cli.replace;

/**
 * What is wanted of a replace.
 *
 * @param target what translates once it is done
 * @param rounds how many replaces to time beside detach + attach; 0 for none
 * @param proveDma whether the device's DMA is to show whose memory it reaches, before and after
 */
public record ReplaceOrder(ReplaceTarget target, int rounds, boolean proveDma) {}
