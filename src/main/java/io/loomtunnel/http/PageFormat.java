package io.loomtunnel.http;

import java.util.Locale;

/// In which of our formats somebody wants to read a page: proactive negotiation by `Accept` (RFC 9110 §12.5.1).
///
/// The best quality wins; of equal ones the range that says more (`text/html` before `*/*`), then the one that was written first, then
/// ours in their order. So a browser gets HTML, a program that asks for JSON gets JSON, and curl, to whom all is one, text. Who accepts
/// nothing that we have gets text as well: to refuse the page would help nobody.
enum PageFormat {
    TEXT("text/plain; charset=utf-8"), HTML("text/html; charset=utf-8"), JSON("application/json"),
    /// RFC 9457
    PROBLEM("application/problem+json");

    private final String contentType;

    PageFormat(String contentType) {
        this.contentType = contentType;
    }

    /// The value of `content-type`.
    String contentType() {
        return contentType;
    }

    /// The format for whoever sent these fields.
    static PageFormat of(Fields request) {
        var accept = request.joined("accept");
        if (accept == null || accept.equals("*/*")) return TEXT;
        var wishes = new Wish[] {new Wish(), new Wish(), new Wish(), new Wish()};
        int position = 0;
        for (int at = 0; at < accept.length(); position++) {
            int end = end(accept, at);
            read(accept.substring(at, end), position, wishes);
            at = end + 1;
        }
        var best = TEXT;
        for (var format : values()) if (wishes[format.ordinal()].better(wishes[best.ordinal()])) best = format;
        return wishes[best.ordinal()].quality > 0 ? best : TEXT;
    }

    /// How well one format is liked: by the most exact range that has it.
    private static final class Wish {
        private int quality;                            // in thousandths
        private int exactness;                          // 3 for type and subtype, 2 for the type, 1 for any, 0 for never named
        private int position;

        void take(int quality, int exactness, int position) {
            if (exactness < this.exactness || exactness == this.exactness && quality <= this.quality) return;
            this.quality = quality;
            this.exactness = exactness;
            this.position = position;
        }

        boolean better(Wish other) {
            if (quality != other.quality) return quality > other.quality;
            if (exactness != other.exactness) return exactness > other.exactness;
            return position < other.position;
        }
    }

    /// The end of a list's member, commas within quotes left aside.
    private static int end(String list, int at) {
        boolean quoted = false;
        for (; at < list.length(); at++) {
            char c = list.charAt(at);
            if (c == '"') quoted = !quoted;
            else if (c == '\\' && quoted) at++;
            else if (c == ',' && !quoted) return at;
        }
        return list.length();
    }

    private static void read(String member, int position, Wish[] wishes) {
        int parameters = member.indexOf(';');
        var range = (parameters < 0 ? member : member.substring(0, parameters)).strip().toLowerCase(Locale.ROOT);
        int quality = parameters < 0 ? 1000 : quality(member, parameters);
        if (quality < 0) return;
        for (var format : values()) {
            int exactness = exactness(format, range);
            if (exactness > 0) wishes[format.ordinal()].take(quality, exactness, position);
        }
    }

    private static int exactness(PageFormat format, String range) {
        return switch (range) {
            case "*/*" -> 1;
            case "text/*" -> format == TEXT || format == HTML ? 2 : 0;
            case "application/*" -> format == PROBLEM ? 2 : 0;
            case "text/plain" -> format == TEXT ? 3 : 0;
            case "text/html", "application/xhtml+xml" -> format == HTML ? 3 : 0;
            case "application/json" -> format == JSON ? 3 : 0;
            default -> format == PROBLEM && range.endsWith("+json") ? 3 : 0;
        };
    }

    /// The weight of a range (RFC 9110 §12.4.2).
    /// @return thousandths, or -1 when it is malformed
    private static int quality(String member, int parameters) {
        for (var parameter : member.substring(parameters + 1).split(";")) {
            var text = parameter.strip();
            if (text.length() < 2 || (text.charAt(0) | 0x20) != 'q' || text.charAt(1) != '=') continue;
            var value = text.substring(2);
            if (value.isEmpty() || value.length() > 5 || value.charAt(0) != '0' && value.charAt(0) != '1') return -1;
            if (value.length() > 1 && value.charAt(1) != '.') return -1;
            int quality = value.charAt(0) - '0';
            for (int i = 2; i < 5; i++) {
                char digit = i < value.length() ? value.charAt(i) : '0';
                if (digit < '0' || digit > '9') return -1;
                quality = quality * 10 + digit - '0';
            }
            return quality <= 1000 ? quality : -1;
        }
        return 1000;
    }
}
