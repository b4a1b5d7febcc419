// What is asked again and again: an answer that a later one has overtaken does not count.

export class Latest {
    #asked = 0;
    #taken = 0;

    // Calls take() with what ask() resolves with; not when a later question was answered before.
    async read(ask, take) {
        const number = ++this.#asked;
        const answer = await ask();
        if (number < this.#taken) return;
        this.#taken = number;
        take(answer);
    }

    // Nothing that is still on its way counts any more.
    end() {
        this.#taken = Infinity;
    }
}
