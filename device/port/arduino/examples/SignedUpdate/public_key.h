/* The key whose signatures this sketch takes: put yours in its place. This one is for
 * trying out, and everybody has its private half. */
static const char PUBLIC_KEY[] = R"(
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAnUWoUl1fDNCE9OOJKWG3
OWwkiaFlAMzW1zUBUuDmD0gsQUI7yt8Te97Y1G2SOU1SixGDKF02oE3nzJ5237Uz
6WwJfYtNwM1UFc8jiktVDPCltIxkw8KLC2XIiNUjnbPMbn/s/IKPfUmQ8Tcpz2TT
lbsm6SZRYsD+7SeV8OwO1j+DbCNXp8Sj1ZVRe9VClhSmmljeNSgvCn9I3MeehE0w
xv0N7Ewu2QRj2nAiXwDFy2j7iKvvE5lUHs58+bxjqKoV4mBjNzd13bHD2cca/H0r
6Mqb5T2dViPvka05anr8yzmNMiJ76KsVfoKtkuE/cRSV/1tFdWyzZ3Kf7A1UgiLi
TQIDAQAB
-----END PUBLIC KEY-----
)";
