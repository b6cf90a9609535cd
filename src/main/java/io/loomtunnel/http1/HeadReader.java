package io.loomtunnel.http1;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.http.Authority;
import io.loomtunnel.http.Content;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.MalformedMessageException;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.http.StatusException;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.io.Duplex;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.util.Arrays;

/// Parses heads (RFC 9112 §2 to §6) in the array where they were received. Strict: what two parsers could read in two ways is
/// refused. The whole head is bounded by a deadline, since a read time-out alone would let a peer drip for ever.
final class HeadReader {
    private static final String[] METHODS = {"GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE"};

    private static final String[] NOT_FOR_ONE_HOP = {"host", "content-length", "transfer-encoding"};

    private static final byte[] PREFACE = "PRI * HTTP/2".getBytes(ISO_8859_1);

    private final Duplex duplex;
    private final ByteReader in;
    private final Http1Config config;
    private String lastAuthority = "";          // most often the next request's as well
    private boolean met;                        // a request-line was understood: the peer does speak HTTP/1
    private boolean responses;                  // the peer is an origin
    private boolean begun;                      // a byte of the response has come
    private Deadline deadline = Deadline.NEVER;

    HeadReader(Duplex duplex, ByteReader in, Http1Config config) {
        this.duplex = duplex;
        this.in = in;
        this.config = config;
    }

    /// A request's head, with what its framing says.
    ///
    /// @param length  of the content in bytes, 0 without any, [Content#UNKNOWN] when it is chunked
    /// @param minor   0 for HTTP/1.0, else 1
    record Request(RequestHead head, long length, int minor) {}

    /// A response's head; its framing depends on the request as well.
    record Response(ResponseHead head, int minor) {}

    /// Reads a request's head.
    /// @param scheme of the connection
    /// @param limit  of the whole head
    /// @return null when the peer closed before its first byte
    /// @throws MalformedMessageException (400, 408, 414, 431, 501, 505)
    /// @throws ProtocolException the connection's first line says that this is not HTTP/1
    Request request(String scheme, Deadline limit) throws IOException {
        deadline = limit;
        if (in.available() == 0 && !fill()) return null;
        skipEmptyLine();
        // Another protocol, a TLS hello say, may never send a line's end: it is told at once.
        if (!Grammar.token(in.array()[in.position()])) throw bad("this is no HTTP request");
        int length = line(config.maxRequestLine(), 414);
        byte[] array = in.array();
        int start = in.position();
        int end = start + length;
        if (!met && foreign(array, start, end)) throw new ProtocolException("this peer does not speak HTTP/1");
        met = true;
        int methodEnd = start;
        while (methodEnd < end && Grammar.token(array[methodEnd])) methodEnd++;
        if (methodEnd == start || methodEnd == end || array[methodEnd] != ' ') throw bad("the request-line has no method");
        int targetEnd = methodEnd + 1;
        // Browsers send a backslash as it is in a query, where it divides nothing.
        for (boolean query = false; targetEnd < end && (Grammar.target(array[targetEnd]) || query && array[targetEnd] == '\\'); targetEnd++) {
            query |= array[targetEnd] == '?';
        }
        if (targetEnd == methodEnd + 1 || targetEnd == end || array[targetEnd] != ' ') throw bad("the request-target is malformed");
        int minor = version(array, targetEnd + 1, end);
        var method = method(array, start, methodEnd);
        var target = new String(array, methodEnd + 1, targetEnd - methodEnd - 1, ISO_8859_1);
        in.skip(length + 2);
        var fields = fields(config.maxFieldBytes(), config.maxFields());
        if (minor == 0) fields.remove("upgrade").remove("expect");       // means nothing in HTTP/1.0 (RFC 9110 §7.8, §10.1.1)
        return assemble(method, target, minor, scheme, fields);
    }

    private Request assemble(String method, String target, int minor, String scheme, Fields fields) throws MalformedMessageException {
        // Only somebody who wants two hops to see two messages nominates what frames or routes a message (RFC 9110 §7.6.1).
        for (var name : NOT_FOR_ONE_HOP) if (fields.lists("connection", name)) throw bad("Connection names " + name);
        var host = host(fields, minor);
        long length = requestLength(fields, minor);
        if (method.equals("TRACE") && length != 0) throw bad("TRACE with content");
        if (method.equals("PRI")) throw bad("PRI begins HTTP/2 and no request");      // RFC 9113 §11.6
        RequestHead head;
        if (method.equals("CONNECT")) {
            if (!Authority.isValid(target) || target.isEmpty() || target.indexOf('/') >= 0) throw bad("CONNECT takes host and port");
            head = new RequestHead(method, "", target, "", fields);
        } else if (target.charAt(0) == '/') {
            head = new RequestHead(method, scheme, host, target, fields);
        } else if (target.equals("*")) {
            if (!method.equals("OPTIONS")) throw bad("'*' is a target for OPTIONS alone");
            head = new RequestHead(method, scheme, host, target, fields);
        } else {
            head = absolute(method, target, fields);
        }
        return new Request(head, length, minor);
    }

    /// The absolute-form, whose authority counts and not the Host field's (RFC 9112 §3.2.2).
    private static RequestHead absolute(String method, String target, Fields fields) throws MalformedMessageException {
        int from = target.regionMatches(true, 0, "http://", 0, 7) ? 7 : target.regionMatches(true, 0, "https://", 0, 8) ? 8 : 0;
        if (from == 0) throw bad("the request-target is neither a path nor an http URL");
        int end = from;
        while (end < target.length() && target.charAt(end) != '/' && target.charAt(end) != '?') end++;
        var authority = target.substring(from, end);
        if (authority.isEmpty() || !Authority.isValid(authority)) throw bad("the authority is malformed");
        var path = target.substring(end);
        if (path.isEmpty()) path = method.equals("OPTIONS") ? "*" : "/";
        else if (path.charAt(0) == '?') path = "/" + path;
        return new RequestHead(method, from == 7 ? "http" : "https", authority, path, fields);
    }

    /// Takes the Host field out (RFC 9112 §3.2): exactly one, but for HTTP/1.0.
    private String host(Fields fields, int minor) throws MalformedMessageException {
        int i = fields.find("host", 0);
        if (i < 0) {
            if (minor == 0) return "";
            throw bad("no Host field");
        }
        if (fields.find("host", i + 1) >= 0) throw bad("more than one Host field");
        var host = fields.value(i);
        if (!host.equals(lastAuthority) && !Authority.isValid(host)) throw bad("the Host field is malformed");
        lastAuthority = host;
        fields.remove("host");
        return host;
    }

    /// Reads a response's head; interim ones are responses of their own here.
    /// @return null when the peer closed before its first byte
    Response response(Deadline limit) throws IOException {
        deadline = limit;
        responses = true;
        begun = false;
        if (in.available() == 0 && !fill()) return null;
        begun = true;
        int length = line(config.maxRequestLine(), 400);
        byte[] array = in.array();
        int start = in.position();
        // HTTP-version SP 3DIGIT [SP reason-phrase] (§4)
        if (length < 12 || array[start + 8] != ' ' || length > 12 && array[start + 12] != ' ') throw bad("the status-line is malformed");
        int minor = version(array, start, start + 8);
        int status = 0;
        for (int i = start + 9; i < start + 12; i++) {
            int digit = array[i] - '0';
            if (digit < 0 || digit > 9) throw bad("the status is malformed");
            status = status * 10 + digit;
        }
        if (status < 100) throw bad("the status is malformed");
        for (int i = start + 12; i < start + length; i++) if (!Grammar.value(array[i])) throw bad("the reason-phrase is malformed");
        in.skip(length + 2);
        return new Response(new ResponseHead(status, fields(config.maxFieldBytes(), config.maxFields())), minor);
    }

    /// Whether any byte came of the response that was read last, or could not be read.
    boolean begun() {
        return begun;
    }

    /// Reads the trailer section behind chunked content, which has its own time: that of the head is long over.
    Fields trailers() throws IOException {
        deadline = Deadline.after(config.contentTimeout());
        try {
            return fields(config.maxFieldBytes(), config.maxFields());
        } finally {
            deadline = Deadline.NEVER;
        }
    }

    /// Reads a field section up to and including its empty line (RFC 9112 §5).
    /// @param maxBytes of the whole section, line ends counted
    Fields fields(int maxBytes, int maxFields) throws IOException {
        var fields = new Fields();
        int charged = 0;
        try {
            for (int bytes = 0; ; ) {
                int length = line(Math.max(1, maxBytes - bytes), 431);
                bytes += length + 2;
                if (bytes > maxBytes) throw new MalformedMessageException(431, "the field section is larger than " + maxBytes + " bytes");
                if (length == 0) {
                    in.skip(2);
                    return fields;
                }
                if (fields.size() == maxFields) throw new MalformedMessageException(431, "more than " + maxFields + " fields");
                // What has no end yet is held for as long as its sender likes.
                if (bytes > ByteReader.SMALL) {
                    if (in.stinted()) throw shortOfMemory();
                    in.budget().charge(bytes - charged);
                    charged = bytes;
                }
                field(fields, in.array(), in.position(), in.position() + length);
                in.skip(length + 2);
            }
        } finally {
            if (charged > 0) in.budget().charge(-charged);
        }
    }

    private static StatusException shortOfMemory() {
        return new StatusException(503, "this server is short of memory for a head of that length");
    }

    private void field(Fields fields, byte[] array, int start, int end) throws MalformedMessageException {
        int colon = start;
        while (colon < end && Grammar.token(array[colon])) colon++;
        int nameEnd = colon;
        if (colon == start) throw bad(array[start] == ' ' || array[start] == '\t' ? "a folded field line" : "a field without a name");
        // White space in front of the colon is 400 in a request; from a response a gateway has to take it away (§5.1).
        if (responses) while (colon < end && (array[colon] == ' ' || array[colon] == '\t')) colon++;
        if (colon == end || array[colon] != ':') throw bad("a field name is malformed");
        int from = colon + 1;
        int to = end;
        while (from < to && (array[from] == ' ' || array[from] == '\t')) from++;
        while (to > from && (array[to - 1] == ' ' || array[to - 1] == '\t')) to--;
        for (int i = from; i < to; i++) if (!Grammar.value(array[i])) throw bad("a control character in a field value");
        fields.add(array, start, nameEnd - start, from, to - from);
    }

    // ---- framing (RFC 9112 §6) ---------------------------------------------------------------------------------

    private static long requestLength(Fields fields, int minor) throws MalformedMessageException {
        long length = contentLength(fields);
        if (!fields.has("transfer-encoding")) return Math.max(0, length);
        if (length >= 0) throw bad("both Transfer-Encoding and Content-Length");
        if (minor == 0) throw bad("Transfer-Encoding in HTTP/1.0");
        chunked(fields);
        return Content.UNKNOWN;
    }

    /// The content's length, or -1 without the field.
    static long contentLength(Fields fields) throws MalformedMessageException {
        int i = fields.find("content-length", 0);
        if (i < 0) return -1;
        if (fields.find("content-length", i + 1) >= 0) throw bad("more than one Content-Length");
        byte[] array = fields.data();
        int start = fields.valueOffset(i);
        int digits = fields.valueLength(i);
        if (digits < 1 || digits > 18) throw bad("the Content-Length is malformed");
        long length = 0;
        for (int at = start; at < start + digits; at++) {
            int digit = array[at] - '0';
            if (digit < 0 || digit > 9) throw bad("the Content-Length is malformed");
            length = length * 10 + digit;
        }
        if (digits > 1 && array[start] == '0') fields.set("content-length", Long.toString(length));
        return length;
    }

    /// Makes sure that `chunked` is the only transfer coding.
    static void chunked(Fields fields) throws MalformedMessageException {
        var codings = fields.joined("transfer-encoding");
        if (codings.equalsIgnoreCase("chunked")) return;
        if (codings.regionMatches(true, Math.max(0, codings.length() - 9), ", chunked", 0, 9) && !fields.lists("transfer-encoding", "identity")
                && codings.toLowerCase().indexOf("chunked") == codings.length() - 7) {
            throw new MalformedMessageException(501, "a transfer coding other than chunked");
        }
        throw bad("the Transfer-Encoding is malformed");
    }

    // ---- lines -------------------------------------------------------------------------------------------------

    /// Makes sure that a whole line is available and measures it, without its CRLF.
    /// @param max    bytes, CRLF included
    /// @param status for a longer one
    private int line(int max, int status) throws IOException {
        int scanned = 0;
        while (true) {
            byte[] array = in.array();
            int start = in.position();
            int end = start + Math.min(in.available(), max);
            for (int i = start + scanned; i < end; i++) {
                if (array[i] != '\n') continue;
                int length = i - start;
                if (length == 0 || array[i - 1] != '\r') throw bad("a line that ends without CR");
                return length - 1;
            }
            scanned = end - start;
            if (scanned >= max) throw new MalformedMessageException(status, "a line or field section that is longer than allowed");
            if (!fill()) throw new EOFException("the peer closed inside a head");
        }
    }

    /// One empty line before a request is left over from an old client's POST (RFC 9112 §2.2). A byte of what follows is here then.
    private void skipEmptyLine() throws IOException {
        if (in.array()[in.position()] != '\r') return;
        need(2);
        if (in.array()[in.position() + 1] != '\n') return;
        in.skip(2);
        need(1);
    }

    private void need(int bytes) throws IOException {
        while (in.available() < bytes) if (!fill()) throw new EOFException("the peer closed inside a head");
    }

    private boolean fill() throws IOException {
        if (deadline != Deadline.NEVER) {
            if (deadline.passed()) throw new SocketTimeoutException("timed out");
            duplex.readTimeout(deadline.left());
        }
        if (in.starved()) throw shortOfMemory();
        return in.fill();
    }

    private static int version(byte[] array, int start, int end) throws MalformedMessageException {
        boolean http = end - start == 8 && array[start] == 'H' && array[start + 1] == 'T' && array[start + 2] == 'T'
                && array[start + 3] == 'P' && array[start + 4] == '/' && digit(array[start + 5]) && array[start + 6] == '.' && digit(array[start + 7]);
        if (!http) throw bad("the HTTP version is malformed");
        if (array[start + 5] != '1') throw new MalformedMessageException(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
        return array[start + 7] == '0' ? 0 : 1;
    }

    /// Whether a connection's first line comes from somebody who would not understand an answer in HTTP/1: the line names HTTP
    /// nowhere and has no target behind a method either, as that of a mailer or a wrong preface (RFC 9113 §3.4); or it is HTTP/2's
    /// `PRI`, and what followed was not the rest of the preface. A request without a version is HTTP/0.9's.
    private static boolean foreign(byte[] array, int start, int end) {
        if (PREFACE.length <= end - start && Arrays.equals(array, start, start + PREFACE.length, PREFACE, 0, PREFACE.length)) return true;
        int words = 1;
        for (int i = start; i < end; i++) {
            if (array[i] == ' ' && words++ == 1 && i + 1 < end && (array[i + 1] == '/' || array[i + 1] == '*')) return false;
            if (end - i >= 4 && (array[i] | 0x20) == 'h' && (array[i + 1] | 0x20) == 't' && (array[i + 2] | 0x20) == 't'
                    && (array[i + 3] | 0x20) == 'p') return false;
        }
        return words > 2;
    }

    private static boolean digit(byte b) {
        return b >= '0' && b <= '9';
    }

    private static String method(byte[] array, int start, int end) {
        next:
        for (var method : METHODS) {
            if (method.length() != end - start) continue;
            for (int i = 0; i < method.length(); i++) if (array[start + i] != method.charAt(i)) continue next;
            return method;
        }
        return new String(array, start, end - start, ISO_8859_1);
    }

    private static MalformedMessageException bad(String detail) {
        return new MalformedMessageException(detail);
    }
}
