import './styles/base.css';
import { mount } from 'svelte';
import App from './views/App.svelte';

const target = document.getElementById('app');
if (!target) throw new Error('the page has no #app');
mount(App, { target });
