package io.loomtunnel.http;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/// The field `Date` (RFC 9110 §6.6.1): when a message came into being, or, when its sender had no clock, when it was received.
public final class HttpDate {
    private static final DateTimeFormatter FORMAT =
            DateTimeFormatter.ofPattern("EEE, dd MMM uuuu HH:mm:ss 'GMT'", Locale.ENGLISH).withZone(ZoneOffset.UTC);

    private static volatile Second last = new Second(-1, "");

    /// One second in its spelling: made once, and used by every response in it.
    private record Second(long epoch, String text) {}

    private HttpDate() {}

    /// Adds the time of now to a response that has none.
    /// @param fields of a final response
    public static void stamp(Fields fields) {
        if (!fields.has("date")) fields.add("date", text(System.currentTimeMillis() / 1000));
    }

    /// An IMF-fixdate (RFC 9110 §5.6.7).
    /// @param epoch seconds
    static String text(long epoch) {
        var known = last;
        if (known.epoch != epoch) last = known = new Second(epoch, FORMAT.format(Instant.ofEpochSecond(epoch)));
        return known.text;
    }
}
