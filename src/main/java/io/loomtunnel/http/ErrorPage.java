package io.loomtunnel.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;

/// The answers that LoomTunnel gives itself: a short page in the format that `Accept` asks for, and `Proxy-Status` (RFC 9209).
public final class ErrorPage {
    private static final String RETRY_AFTER = "5";

    private ErrorPage() {}

    /// Answers an exchange to which nothing was answered yet.
    /// @param exchange is answered and ended
    /// @param error    status and detail; the cause is not shown
    /// @throws IOException the visitor is gone
    public static void respond(Exchange exchange, StatusException error) throws IOException {
        var format = PageFormat.of(exchange.request().fields());
        byte[] page = page(format, error).getBytes(UTF_8);
        var fields = Fields.of("content-type", format.contentType(), "content-length", Integer.toString(page.length), "cache-control", "no-store",
                "vary", "accept", "proxy-status", "loomtunnel; error=" + errorType(error));
        if (error.status() == 503) fields.add("retry-after", RETRY_AFTER);
        if (error.status() == 426) {
            fields.add("sec-websocket-version", "13");
            // HTTP/2 knows neither field (RFC 9113 §8.2.2).
            if (!exchange.version().equals("2.0")) fields.add("upgrade", "websocket").add("connection", "upgrade");
        }
        if (format == PageFormat.HTML) fields.add("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'");
        HttpDate.stamp(fields);
        var sink = exchange.respond(new ResponseHead(error.status(), fields));
        if (!exchange.request().method().equals("HEAD")) sink.write(page);
        sink.end();
    }

    /// A proxy error type (RFC 9209 §2.3).
    private static String errorType(StatusException error) {
        if (error instanceof GatewayException gateway) return gateway.error();
        return switch (error.status()) {
            case 404, 421 -> "destination_not_found";
            case 502, 503 -> "destination_unavailable";
            case 504 -> "http_response_timeout";
            case 500 -> "proxy_internal_error";
            case 501, 505 -> "proxy_internal_response";       // http_request_error is a 4xx
            default -> "http_request_error";
        };
    }

    private static String page(PageFormat format, StatusException error) {
        var detail = sentence(error.getMessage());
        return switch (format) {
            case TEXT -> error.status() + " " + title(error.status()) + "\n" + detail + "\n";
            case HTML -> html(error.status() + " " + title(error.status()), html(detail));
            case JSON, PROBLEM ->
                "{\"status\":" + error.status() + ",\"title\":\"" + title(error.status()) + "\",\"detail\":\"" + json(detail) + "\"}\n";
        };
    }

    private static String html(String title, String detail) {
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>%s</title><style>
            :root{color-scheme:light dark}
            body{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:18vh auto 0;padding:0 1.5rem}
            h1{font-size:1.4rem;margin:0 0 .5rem}p{margin:.5rem 0}small{opacity:.65}
            </style></head><body><h1>%s</h1><p>%s</p><p><small>LoomTunnel</small></p></body></html>
            """.formatted(title, title, detail);
    }

    private static String title(int status) {
        return switch (status) {
            case 400 -> "Bad Request";
            case 401 -> "Unauthorized";
            case 403 -> "Forbidden";
            case 404 -> "No Such Host";
            case 408 -> "Request Timeout";
            case 409 -> "Conflict";
            case 413 -> "Content Too Large";
            case 414 -> "URI Too Long";
            case 421 -> "Misdirected Request";
            case 426 -> "Upgrade Required";
            case 429 -> "Too Many Requests";
            case 431 -> "Request Header Fields Too Large";
            case 500 -> "Internal Server Error";
            case 501 -> "Not Implemented";
            case 502 -> "Bad Gateway";
            case 503 -> "Service Unavailable";
            case 504 -> "Gateway Timeout";
            case 505 -> "HTTP Version Not Supported";
            default -> "Error";
        };
    }

    /// Messages of exceptions are parts of a sentence.
    private static String sentence(String detail) {
        if (detail == null || detail.isEmpty()) return "";
        char last = detail.charAt(detail.length() - 1);
        return Character.toUpperCase(detail.charAt(0)) + detail.substring(1) + (last == '.' || last == '!' || last == '?' ? "" : ".");
    }

    private static String html(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }

    private static String json(String text) {
        var safe = new StringBuilder();
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') safe.append('\\').append(c);
            else if (c < ' ') safe.append(' ');
            else safe.append(c);
        }
        return safe.toString();
    }
}
