// The private service of the matrix, once over HTTP/1.1, once over HTTP/2 with prior knowledge, once over HTTP/2 and TLS.
// usage: node origin.js CERT KEY FILE; prints one line of JSON with its three ports, then a line for each thing that it notices.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const http2 = require('http2');

const [cert, key, file] = process.argv.slice(2);
const note = (what, name) => console.log(JSON.stringify({what, name, at: Date.now() / 1000}));

function digest(request, done) {
    const hash = crypto.createHash('sha256');
    request.on('data', piece => hash.update(piece));
    request.on('end', () => done(hash.digest('hex')));
}

function answer(response, text, fields = {}) {
    response.writeHead(200, {'content-type': 'text/plain', ...fields});
    response.end(text);
}

// Tells when the visitor of a stream or a connection is gone.
function watch(request, response, name) {
    note('open', name);
    (response.stream || request.socket).once('close', () => note('gone', name));
}

const pages = {
    '/page': (request, response) => answer(response, 'a page behind the tunnel\n'),

    // Content and trailers there, content and trailers back.
    '/trailers': (request, response) => digest(request, sum => {
        response.writeHead(200, {trailer: 'x-sum', 'x-te': request.headers.te || '', 'x-got': request.trailers['x-sum'] || ''});
        response.write('content');
        response.addTrailers({'x-sum': sum});
        response.end();
    }),

    '/hints': (request, response) => {
        response.writeEarlyHints({link: '</one.css>; rel=preload'});
        response.writeEarlyHints({link: '</two.css>; rel=preload', 'x-more': 'yes'});
        setTimeout(() => answer(response, 'final'), 100);
    },

    '/sum': (request, response) => digest(request, sum => answer(response, sum)),

    // Long before the content is over, and none of it is read.
    '/early': (request, response) => {
        response.writeHead(413, {'content-type': 'text/plain', 'content-length': 8});
        response.end('too much');
    },

    '/silent': (request, response) => watch(request, response, request.headers['x-name']),

    '/endless': (request, response) => {
        watch(request, response, request.headers['x-name']);
        response.writeHead(200);
        const timer = setInterval(() => response.write('x'.repeat(1024)), 5);
        response.on('close', () => clearInterval(timer));
    },

    '/sink': (request, response) => {
        watch(request, response, request.headers['x-name']);
        request.on('error', () => {}).resume();
    },

    '/breaks': (request, response) => {
        response.writeHead(200, {'content-length': 1000});
        response.write('some of it', () => setTimeout(
            () => response.stream ? response.stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR) : response.socket.destroy(), 50));
    },

    '/breaks-unmeasured': (request, response) => {
        response.writeHead(200);
        response.write('some of it', () => setTimeout(
            () => response.stream ? response.stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR) : response.socket.destroy(), 50));
    },

    '/events': (request, response) => {
        response.writeHead(200, {'content-type': 'text/event-stream'});
        let left = 3;
        const timer = setInterval(() => {
            response.write(`data: ${Date.now() / 1000}\n\n`);
            if (--left > 0) return;
            clearInterval(timer);
            response.end();
        }, 200);
    },

    '/file': (request, response) => {
        response.writeHead(200, {'content-length': fs.statSync(file).size});
        fs.createReadStream(file, {highWaterMark: 1 << 18}).pipe(response);
    },
};

// A page with a hundred scripts, each of which counts itself.
pages['/site'] = (request, response) => answer(response, '<!doctype html><title>site</title><p id="count">0</p>\n'
    + [...Array(100).keys()].map(i => `<script src="/asset/${i}"></script>\n`).join(''), {'content-type': 'text/html'});
for (let i = 0; i < 100; i++) {
    pages[`/asset/${i}`] = (request, response) => answer(response, `// /asset/${i}\ndocument.getElementById('count').textContent++;\n`,
        {'content-type': 'text/javascript'});
}

function serve(request, response) {
    (pages[request.url] || ((_, r) => { r.writeHead(404); r.end(); }))(request, response);
}

// A visitor who asks first waits for a while, so that whoever says 100 on our behalf is found out.
function continues(request, response) {
    if (request.url === '/refused') {
        response.writeHead(417, {'content-length': 0});
        response.end();
        return;
    }
    note('asked', request.headers['x-name'] || '');
    setTimeout(() => {
        response.writeContinue();
        serve(request, response);
    }, 150);
}

// Sends each message of a WebSocket back (RFC 6455 §5): short frames only.
function echo(stream, head) {
    let held = head;
    note('websocket', '');
    const take = piece => {
        held = Buffer.concat([held, piece]);
        while (held.length >= 6 && held.length >= 6 + (held[1] & 0x7f)) {
            const length = held[1] & 0x7f;
            const content = held.subarray(6, 6 + length).map((byte, i) => byte ^ held[2 + i % 4]);
            stream.write(Buffer.concat([Buffer.from([held[0], length]), content]));
            if ((held[0] & 0x0f) === 8) stream.end();
            held = held.subarray(6 + length);
        }
    };
    take(Buffer.alloc(0));
    stream.on('data', take);
    stream.on('error', () => {});
}

function upgraded(request, socket, head) {
    const accept = crypto.createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n`
        + `Sec-WebSocket-Protocol: ${request.headers['sec-websocket-protocol'].split(',')[0]}\r\n\r\n`);
    echo(socket, head);
}

function connected(request, response) {
    if (request.headers[':protocol'] !== 'websocket') {
        response.stream.respond({':status': 501}, {endStream: true});
        return;
    }
    response.stream.respond({':status': 200, 'sec-websocket-protocol': request.headers['sec-websocket-protocol'].split(',')[0]});
    echo(response.stream, Buffer.alloc(0));
}

const settings = {enableConnectProtocol: true, initialWindowSize: 1 << 20};
const tls = {cert: fs.readFileSync(cert), key: fs.readFileSync(key), settings};
const servers = {h1: http.createServer(), h2c: http2.createServer({settings}), h2: http2.createSecureServer(tls)};
const ports = {};
for (const [name, server] of Object.entries(servers)) {
    server.on('request', serve);
    server.on('checkContinue', continues);
    server.on('connect', connected);
    server.on('clientError', (_, socket) => socket.destroy());
    if (name === 'h1') server.removeListener('connect', connected).on('upgrade', upgraded);
    server.requestTimeout = 0;
    server.listen(0, '127.0.0.1', () => {
        ports[name] = server.address().port;
        if (Object.keys(ports).length === 3) console.log(JSON.stringify(ports));
    });
}
