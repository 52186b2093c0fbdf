// What the drivers share: runs the flows that were asked for, one after the other, and prints a JSON line for each: what
// the user of the client gets, or the text of the error that the user sees.
'use strict';

const fs = require('node:fs');

const plan = JSON.parse(process.argv[2]); // {flows, files: {image, gif, video, broken, srt}, credentials}

async function outcome(flow, flows, earlier) {
    if (!flows[flow]) {
        return { flow, missing: true };
    }
    try {
        const value = await flows[flow](plan.files, earlier);
        earlier[flow] = value;
        return { flow, value: value === undefined ? null : value };
    } catch (error) {
        // What a script shows: console.error(error.message), as nearly all of them do.
        return { flow, error: String((error && error.message) || error), name: error && error.name };
    }
}

exports.read = (file) => fs.readFileSync(file);
exports.sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
exports.credentials = plan.credentials;

exports.run = async (flows) => {
    const earlier = {};
    for (const flow of plan.flows) {
        process.stdout.write(JSON.stringify(await outcome(flow, flows, earlier)) + '\n');
    }
};
