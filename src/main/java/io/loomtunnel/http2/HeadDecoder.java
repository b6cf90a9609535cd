package io.loomtunnel.http2;

import static io.loomtunnel.http2.ErrorCode.COMPRESSION_ERROR;
import static io.loomtunnel.http2.ErrorCode.PROTOCOL_ERROR;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.loomtunnel.hpack.Decoder;
import io.loomtunnel.hpack.FieldSink;
import io.loomtunnel.hpack.HpackException;
import io.loomtunnel.http.Authority;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.MalformedMessageException;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.http.TrailerSection;
import java.io.IOException;
import java.util.Locale;

/// Turns field blocks into heads and refuses what RFC 9113 §8 calls malformed. A block is always decoded to its end, since the
/// table's state is the connection's; the first thing wrong with it is kept and thrown afterwards. One per connection,
/// used by its reader alone.
final class HeadDecoder implements FieldSink {
    private static final boolean[] NAME = new boolean[256];     // tchar without upper case (§8.2.1)
    private static final boolean[] TOKEN = new boolean[256];
    private static final int METHOD = 1;
    private static final int SCHEME = 2;
    private static final int AUTHORITY = 4;
    private static final int PATH = 8;
    private static final int PROTOCOL = 16;
    private static final int STATUS = 32;

    static {
        for (char c : "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz".toCharArray()) NAME[c] = TOKEN[c] = true;
        for (char c = 'A'; c <= 'Z'; c++) TOKEN[c] = true;
    }

    private final Decoder decoder = new Decoder(4_096);
    private final int maxBytes;
    private final int maxFields;
    private final boolean visitors;

    private Fields fields;
    private int seen;                    // pseudo-fields, as bits
    private int allowed;
    private String problem;
    private String method;
    private String scheme;
    private String authority;
    private String accepted = "";        // the authority of the last request that was taken: most often the next one's, too
    private String path;
    private String protocol;
    private int status;
    private String host;
    private int cookie;                  // where the first cookie field is, or -1
    private boolean crumbs;

    /// @param visitors whether requests come from visitors, who must name a host: on a tunnel there are those of HTTP/1.0, too
    HeadDecoder(int maxBytes, int maxFields, boolean visitors) {
        this.maxBytes = maxBytes;
        this.maxFields = maxFields;
        this.visitors = visitors;
    }

    /// @throws StreamException the request is malformed
    /// @throws MalformedMessageException (431) it is larger than allowed
    /// @throws ConnectionException the block can't be decoded
    RequestHead request(Frame.Headers frame) throws IOException {
        decode(frame, METHOD | SCHEME | AUTHORITY | PATH | PROTOCOL);
        refuse(frame, validateRequest());
        if (host != null) authority = host;
        accepted = authority;
        return new RequestHead(method, scheme, authority, path, protocol, fields);
    }

    ResponseHead response(Frame.Headers frame) throws IOException {
        decode(frame, STATUS);
        refuse(frame, (seen & STATUS) == 0 ? "no :status" : status < 100 || status == 101 ? ":status" : null);
        return new ResponseHead(status, fields);
    }

    Fields trailers(Frame.Headers frame) throws IOException {
        decode(frame, 0);
        refuse(frame, null);
        return TrailerSection.clean(fields);
    }

    /// Keeps the table's state in step for a block that nobody wants.
    void skip(Frame.Headers frame) throws IOException {
        decode(frame, 0);
        fields = null;
    }

    private void decode(Frame.Headers frame, int pseudo) throws IOException {
        fields = new Fields();
        seen = 0;
        allowed = pseudo;
        problem = null;
        method = scheme = path = protocol = authority = "";
        host = null;
        status = 0;
        cookie = -1;
        crumbs = false;
        boolean whole;
        try {
            whole = decoder.decode(frame.array(), frame.offset(), frame.length(), maxBytes, maxFields, this);
        } catch (HpackException e) {
            throw new ConnectionException(COMPRESSION_ERROR, e.getMessage());
        }
        if (!whole && pseudo != 0) throw new MalformedMessageException(431, "the field section is larger than allowed");
        if (!whole) throw new StreamException(frame.streamId(), ErrorCode.ENHANCE_YOUR_CALM, "a trailer section larger than allowed");
        if (crumbs) joinCookies();
    }

    private void refuse(Frame.Headers frame, String also) throws StreamException {
        var wrong = problem != null ? problem : also;
        if (wrong != null) throw new StreamException(frame.streamId(), PROTOCOL_ERROR, "malformed: " + wrong);
    }

    @Override public void field(byte[] names, int nameOffset, int nameLength, byte[] values, int valueOffset, int valueLength,
                                boolean sensitive) {
        if (problem != null) return;
        if (nameLength > 0 && names[nameOffset] == ':') {
            pseudo(names, nameOffset, nameLength, values, valueOffset, valueLength);
            return;
        }
        problem = check(names, nameOffset, nameLength, values, valueOffset, valueLength);
        if (problem != null) return;
        int i = fields.size();
        fields.add(names, nameOffset, nameLength, values, valueOffset, valueLength);
        if (sensitive) fields.markSensitive(i);
        problem = special(i);
    }

    private static String check(byte[] names, int nameOffset, int nameLength, byte[] values, int valueOffset, int valueLength) {
        if (nameLength == 0) return "an empty name";
        for (int i = nameOffset; i < nameOffset + nameLength; i++) if (!NAME[names[i] & 0xff]) return "a name";
        for (int i = valueOffset; i < valueOffset + valueLength; i++) {
            int b = values[i] & 0xff;
            if (b < ' ' && b != '\t' || b == 0x7f) return "a control character in a value";
        }
        if (valueLength > 0 && (space(values[valueOffset]) || space(values[valueOffset + valueLength - 1]))) return "white space around a value";
        return null;
    }

    private static boolean space(byte b) {
        return b == ' ' || b == '\t';
    }

    /// Fields that mean something to the connection, or that must agree with something else (§8.2.2, §8.2.3, §8.3.1).
    private String special(int i) {
        switch (fields.nameLength(i)) {
            case 2 -> {
                if (fields.isNamed(i, "te") && !fields.value(i).equalsIgnoreCase("trailers")) return "te";
            }
            case 4 -> {
                if (fields.isNamed(i, "host")) {
                    var value = fields.value(i);
                    if (host != null && allowed != STATUS) return "two hosts";
                    host = value;
                    fields.removeIf(k -> k == i);
                }
            }
            case 6 -> {
                if (fields.isNamed(i, "cookie")) {
                    if (cookie < 0) cookie = i;
                    else crumbs = true;
                }
            }
            case 7 -> {
                if (fields.isNamed(i, "upgrade")) return "upgrade";
            }
            case 10 -> {
                if (fields.isNamed(i, "connection") || fields.isNamed(i, "keep-alive")) return "connection";
            }
            case 14 -> {
                if (fields.isNamed(i, "content-length")) return length(i);
            }
            case 16 -> {
                if (fields.isNamed(i, "proxy-connection")) return "proxy-connection";
            }
            case 17 -> {
                if (fields.isNamed(i, "transfer-encoding")) return "transfer-encoding";
            }
            default -> { }
        }
        return null;
    }

    private String length(int i) {
        long length = HeadFields.number(fields.data(), fields.valueOffset(i), fields.valueLength(i));
        if (length < 0) return "content-length";
        int first = fields.find("content-length", 0);
        if (first == i) return null;
        if (HeadFields.number(fields.data(), fields.valueOffset(first), fields.valueLength(first)) != length) return "two content-lengths";
        fields.removeIf(k -> k == i);
        return null;
    }

    /// Crumbs become one field before anything that is not HTTP/2 can see them (§8.2.3). An empty one is left out: behind the last
    /// "; " it would make a value that ends in white space.
    private void joinCookies() {
        var all = new StringBuilder();
        for (int i = cookie; i >= 0; i = fields.find("cookie", i + 1)) {
            if (fields.valueLength(i) == 0) continue;
            if (!all.isEmpty()) all.append("; ");
            all.append(fields.value(i));
        }
        fields.set("cookie", all.toString());
    }

    private void pseudo(byte[] names, int nameOffset, int nameLength, byte[] values, int offset, int length) {
        int which = switch (nameLength) {
            case 5 -> is(names, nameOffset, ":path") ? PATH : 0;
            case 7 -> is(names, nameOffset, ":method") ? METHOD
                    : is(names, nameOffset, ":scheme") ? SCHEME
                    : is(names, nameOffset, ":status") ? STATUS : 0;
            case 9 -> is(names, nameOffset, ":protocol") ? PROTOCOL : 0;
            case 10 -> is(names, nameOffset, ":authority") ? AUTHORITY : 0;
            default -> 0;
        };
        if ((which & allowed) == 0) {
            problem = "an unexpected pseudo-field";
        } else if ((seen & which) != 0) {
            problem = "a pseudo-field twice";
        } else if (!fields.isEmpty() || host != null) {
            problem = "a pseudo-field behind a field";
        } else {
            seen |= which;
            value(which, values, offset, length);
        }
    }

    private void value(int which, byte[] values, int offset, int length) {
        switch (which) {
            case METHOD -> method = token(values, offset, length, "GET", "POST");
            case SCHEME -> scheme = token(values, offset, length, "http", "https");
            case PROTOCOL -> protocol = token(values, offset, length, "websocket", "").toLowerCase(Locale.ROOT);   // RFC 9110 §7.8
            case STATUS -> status = length == 3 ? (int) HeadFields.number(values, offset, length) : 0;
            case PATH -> path = visible(values, offset, length);
            case AUTHORITY -> {
                authority = is(values, offset, length, accepted) ? accepted : visible(values, offset, length);
            }
            default -> throw new IllegalStateException("pseudo-field " + which);
        }
    }

    private static boolean is(byte[] array, int offset, String text) {
        for (int i = 0; i < text.length(); i++) if (array[offset + i] != text.charAt(i)) return false;
        return true;
    }

    private static boolean is(byte[] array, int offset, int length, String text) {
        return length == text.length() && is(array, offset, text);
    }

    /// @param likely and `other` cost no new string
    private String token(byte[] array, int offset, int length, String likely, String other) {
        if (is(array, offset, length, likely)) return likely;
        if (is(array, offset, length, other) && length > 0) return other;
        for (int i = offset; i < offset + length; i++) if (!TOKEN[array[i] & 0xff]) problem = "a pseudo-field that is no token";
        if (length == 0) problem = "an empty pseudo-field";
        return new String(array, offset, length, ISO_8859_1);
    }

    /// White space, controls and what is not ASCII are in no request-target and no authority (RFC 3986).
    private String visible(byte[] array, int offset, int length) {
        for (int i = offset; i < offset + length; i++) {
            if (array[i] <= ' ' || array[i] == 0x7f) problem = "a character that no URI has";
        }
        return new String(array, offset, length, ISO_8859_1);
    }

    private String validateRequest() {
        if (problem != null) return problem;
        if ((seen & METHOD) == 0) return "no :method";
        if (method.equals("PRI")) return "PRI begins a connection and no request";       // RFC 9113 §11.6
        boolean plainConnect = method.equals("CONNECT") && protocol.isEmpty();
        if (plainConnect) {
            if ((seen & (SCHEME | PATH)) != 0 || (seen & AUTHORITY) == 0) return "CONNECT takes :authority alone";
        } else {
            if ((seen & PROTOCOL) != 0 && (!method.equals("CONNECT") || (seen & AUTHORITY) == 0)) return ":protocol without CONNECT";
            if ((seen & SCHEME) == 0) return "no :scheme";
            if (!scheme.equals("http") && !scheme.equals("https")) return ":scheme";
            if (path.isEmpty()) return "no :path";
            if (path.charAt(0) != '/' && !(path.equals("*") && method.equals("OPTIONS"))) return ":path";
            if (!target(path)) return ":path";
        }
        if ((seen & AUTHORITY) != 0) {
            if (authority.isEmpty()) return "an empty :authority";
            if (host != null && !host.equalsIgnoreCase(authority)) return "host differs from :authority";
            host = null;
        }
        boolean named = host != null || (seen & AUTHORITY) != 0;
        if (visitors && (!named || "".equals(host))) return "neither :authority nor host";
        return !named || Authority.isValid(host != null ? host : authority) ? null : ":authority";
    }

    /// What the HTTP/1 parser refuses, too: a fragment never leaves a client, the others stand in no URI and are where parsers
    /// differ. Browsers send a backslash as it is in a query.
    private static boolean target(String path) {
        boolean query = false;
        for (int i = 0; i < path.length(); i++) {
            switch (path.charAt(i)) {
                case '#', '"', '<', '>' -> {
                    return false;
                }
                case '\\' -> {
                    if (!query) return false;
                }
                case '?' -> query = true;
                default -> { }
            }
        }
        return true;
    }
}
