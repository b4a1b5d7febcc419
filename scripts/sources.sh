# Debian's source packages, for what is built for the chip. Sourced after setup.sh.

# logged WHAT command…: its output is shown only when it fails, after WHAT.
logged() {
    local what=$1 log
    shift
    log=$(mktemp "$BUILD/log.XXXXXX")
    "$@" >"$log" 2>&1 || { tail -n 20 "$log" >&2; rm "$log"; die "$what"; }
    rm "$log"
}

# archive_of_this_system: where its own packages come from: address, release, component.
archive_of_this_system() {
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        awk -v release="$(. /etc/os-release && echo "$VERSION_CODENAME")" '$2 == release && $3 == "main" { print; exit }'
}

# fetch_source PACKAGE FOLDER: the package, unpacked as FOLDER/source. By lists of source
# packages of our own: what the machine is set up for stays as it is.
fetch_source() {
    local package=$1 folder=$2 address release component
    local apt=(-qq -o "Dir::Etc::sourcelist=$folder/$package.sources" -o Dir::Etc::sourceparts=-
        -o "Dir::State::lists=$folder/lists" -o APT::Sandbox::User=root)
    need_packages dpkg-dev
    mkdir -p "$folder/lists/partial"
    read -r address release component < <(archive_of_this_system)
    [ -n "$address" ] || die "apt knows no archive of this system's release; its sources need one with the component main"
    printf 'Types: deb-src\nURIs: %s\nSuites: %s\nComponents: %s\nSigned-By: %s\n' \
        "$address" "$release" "$component" /usr/share/keyrings/debian-archive-keyring.gpg \
        >"$folder/$package.sources"
    logged "Debian's lists of source packages cannot be had" apt-get "${apt[@]}" update
    (cd "$folder" && logged "the source package $package cannot be had" \
        apt-get "${apt[@]}" source "$package") || exit 1
    mv "$folder/$package"-*/ "$folder/source"
}
