package io.loomtunnel.http;

import java.net.InetAddress;

/// IP addresses in their one recommended spelling.
public final class IpText {
    private IpText() {}

    /// Writes an address: IPv6 as RFC 5952 §4 says, without brackets and without a zone, which means nothing on another machine.
    /// @param address of either kind
    /// @return its digits
    public static String of(InetAddress address) {
        var text = address.getHostAddress();           // of IPv6 all eight groups, without leading zeros
        if (text.indexOf(':') < 0) return text;
        int zone = text.indexOf('%');
        var groups = (zone < 0 ? text : text.substring(0, zone)).split(":");
        int start = 0;
        int longest = 1;                               // a single zero stays
        for (int i = 0; i < groups.length; i++) {
            int end = i;
            while (end < groups.length && groups[end].equals("0")) end++;
            if (end - i > longest) {
                start = i;
                longest = end - i;
            }
            i = Math.max(i, end - 1);
        }
        if (longest == 1) return String.join(":", groups);
        return joined(groups, 0, start) + "::" + joined(groups, start + longest, groups.length);
    }

    private static String joined(String[] groups, int from, int to) {
        var text = new StringBuilder();
        for (int i = from; i < to; i++) text.append(i == from ? "" : ":").append(groups[i]);
        return text.toString();
    }
}
