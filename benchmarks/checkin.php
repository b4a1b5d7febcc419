<?php
/* What the documents of the Arduino core show for an "advanced updater": a table of MAC
 * addresses and the images they should run, written anew. Compares the digest of the
 * image with what the device says it runs, by reading the image each time, and ends
 * with one answer. */
$images = ['5C:CF:7F:00:00:00' => 'demo.bin'];

function header_of($name)
{
    return $_SERVER['HTTP_X_ESP8266_' . strtoupper(str_replace('-', '_', $name))] ?? null;
}

function finish($status, $text)
{
    http_response_code($status);
    header('Content-Type: text/plain');
    echo $text;
    exit;
}

if (($_SERVER['HTTP_USER_AGENT'] ?? '') !== 'ESP8266-http-Update') {
    finish(403, 'only for ESP8266 updaters');
}
foreach (['STA-MAC', 'AP-MAC', 'free-space', 'sketch-size', 'sketch-md5', 'chip-size', 'sdk-version'] as $name) {
    if (header_of($name) === null) {
        finish(403, 'only for ESP8266 updaters: ' . $name);
    }
}
$image = __DIR__ . '/' . ($images[header_of('STA-MAC')] ?? finish(404, 'unknown device'));
if (md5_file($image) === header_of('sketch-md5')) {
    finish(304, '');
}
header('Content-Type: application/octet-stream');
header('Content-Length: ' . filesize($image));
header('x-MD5: ' . md5_file($image));
readfile($image);
